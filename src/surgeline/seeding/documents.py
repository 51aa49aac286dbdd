"""A generator of JSON documents: a template in which generators stand for what differs from row to row.

Must not know any table, nor any database.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding.generator import Generator, Kind, Place, Shape

_DEEPEST = 50
_CONVERTED: dict[type, Callable[[Any], Any]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    Decimal: float,
}
"""How values that JSON does not have stand in a document."""
_JSON_ALREADY = (Kind.INTEGER, Kind.FLOAT, Kind.TEXT, Kind.UUID, Kind.BOOLEAN, Kind.JSON)


class Document(Generator, frozen=True, tag="json"):
    """Dicts and lists as the template has them, each row's with values of its own for the generators inside.

    Times and dates are texts in ISO 8601, decimal numbers the nearest floating-point numbers. What the generators are
    cannot be read back from JSON: no key is made of documents.
    """

    template: Any

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:
        """Return the documents."""
        return _column(self.template, rows, place)

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.JSON)

    def misfit(self, rows: int) -> str | None:
        """See Generator; of the first generator inside that has one."""
        problems = (one.misfit(rows) for one in _generators(self.template))
        return next(filter(None, problems), None)


@explained("json")
def json(value: Any) -> Document:
    """Return a generator of documents: `json({"city": choice(["Oslo", "Lima"]), "tags": [name(), "new"]})`.

    value: dicts with texts as keys, lists, texts, numbers, True, False, None, and generators anywhere in them.
    Raises OptionError for anything else, and says where it stands.
    """
    return Document(_checked(value, "the document", 0))


def _checked(value: Any, where: str, depth: int) -> Any:
    """Return a copy of a template: what happens to the original later changes nothing."""
    if depth > _DEEPEST:
        raise OptionError(f"json: expected at most {_DEEPEST} dicts and lists inside of each other, found more")
    if isinstance(value, dict):
        return {_key(key, where): _checked(one, f"{where}[{key!r}]", depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(one, f"{where}[{index}]", depth + 1) for index, one in enumerate(value)]
    if isinstance(value, Generator):
        return _fit(value, where)
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise OptionError(
        f"json: expected a dict, a list, text, a finite number, True, False, None or a generator at {where}, "
        f"found {value!r}"
    )


def _key(key: Any, where: str) -> str:
    if isinstance(key, str):
        return key
    raise OptionError(f"json: expected texts as the keys of {where}, found {key!r}; write {str(key)!r}")


def _fit(generator: Generator, where: str) -> Generator:
    if generator.shape(1).kind is Kind.BYTES:
        raise OptionError(f"json: expected values that JSON has at {where}, found a generator of bytes; use text")
    return generator


def _generators(template: Any) -> Iterator[Generator]:
    """Go through all generators in a template."""
    if isinstance(template, Generator):
        yield template
    elif isinstance(template, dict | list):
        for part in template.values() if isinstance(template, dict) else template:
            yield from _generators(part)


def _column(template: Any, rows: Sequence[int], place: Place) -> list[Any]:
    """Return what a part of the template comes to in each row: dicts and lists of its own, never one of another row."""
    if isinstance(template, Generator):
        return _converted(template, rows, place)
    if isinstance(template, dict):
        keys = tuple(template)
        columns = [_column(template[key], rows, place.part(key)) for key in keys]
        return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)] or [{} for _ in rows]
    if isinstance(template, list):
        columns = [_column(one, rows, place.part(str(index))) for index, one in enumerate(template)]
        return [list(values) for values in zip(*columns, strict=True)] or [[] for _ in rows]
    return [template] * len(rows)


def _converted(generator: Generator, rows: Sequence[int], place: Place) -> list[Any]:
    """Return the values of a generator as JSON has them."""
    values = generator.values(rows, place)
    if generator.shape(len(rows)).kind in _JSON_ALREADY:
        return values
    return [_CONVERTED[type(value)](value) if type(value) in _CONVERTED else value for value in values]
