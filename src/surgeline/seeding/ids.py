"""Generators of identifiers: no value stands in two rows of a table, or in two of a part of it.

Must not know any table, nor any database.
"""

import re
import string
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from surgeline._native.mixing import uuids
from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding.checked import above_zero, whole
from surgeline.seeding.generator import Generator, Kind, Place, Shape

_SPECIFICATION = re.compile(r"(0?[1-9]\d{0,2})?[,_]?[dxXob]?\Z")
"""Ways to write a number of which no two numbers look the same."""


class SequenceOf(Generator, frozen=True, tag="sequence", omit_defaults=True):
    """`first`, `first + step` and so on; from the beginning again after `every` rows."""

    first: int
    step: int
    every: int | None = None

    @property
    def numbered(self) -> bool:
        """See Generator."""
        return True

    def values(self, rows: Sequence[int], place: Place) -> list[int]:  # noqa: ARG002 - the same everywhere
        """Return the numbers."""
        if self.every is None:
            return list(_numbers(rows, self.first, self.step))
        first, step, every = self.first, self.step, self.every
        return [first + row % every * step for row in rows]

    def shape(self, rows: int) -> Shape:
        """Return what is known of them."""
        count = rows if self.every is None else min(rows, self.every)
        ends = (self.first, self.first + max(count - 1, 0) * self.step)
        unique = self.every is None or rows <= self.every
        return Shape(Kind.INTEGER, low=min(ends), high=max(ends), unique=unique, distinct_in=self.every)


class Uuid(Generator, frozen=True, tag="uuid"):
    """UUIDs as text: of version 4 from the hash, or a template with a number in it."""

    template: str | None
    first: int

    @property
    def numbered(self) -> bool:
        """See Generator."""
        return True

    def values(self, rows: Sequence[int], place: Place) -> list[str]:
        """Return the UUIDs, in lower case."""
        if self.template is None:
            return uuids(place.key, rows)
        return list(map(self.template.format, _numbers(rows, self.first)))

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.UUID, longest=36, unique=True)

    def misfit(self, rows: int) -> str | None:
        """Say whether the last number is too long for the template."""
        if self.template is None or _is_uuid(last := self.template.format(self.first + rows - 1)):
            return None
        return (
            f"expected a template with room for {rows:,} numbers from {self.first}, found {self.template!r}, which "
            f"makes {last!r} of the last: no UUID"
        )


class Pattern(Generator, frozen=True, tag="pattern"):
    """A text with a number in it."""

    template: str
    first: int

    @property
    def numbered(self) -> bool:
        """See Generator."""
        return True

    def values(self, rows: Sequence[int], place: Place) -> list[str]:  # noqa: ARG002 - the same everywhere
        """Return the texts."""
        return list(map(self.template.format, _numbers(rows, self.first)))

    def shape(self, rows: int) -> Shape:
        """Return what is known of them."""
        return Shape(Kind.TEXT, longest=len(self.template.format(self.first + max(rows - 1, 0))), unique=True)


@explained("sequence")
def sequence(first: int = 1, step: int = 1, every: int | None = None) -> SequenceOf:
    """Return a generator of `first`, `first + step` and so on.

    every: begin again with `first` after so many rows: the lines of each order, beside
    `foreign_key(orders, per_parent=n)` with the same number. Together the two make a key, the lines alone make none.

    Raises OptionError for a step of 0.
    """
    if whole(step, "sequence: step") == 0:
        raise OptionError("sequence: expected a step other than 0, found 0: all rows would have the same number")
    if every is not None:
        above_zero(every, "sequence: every")
    return SequenceOf(whole(first, "sequence: first"), step, every)


@explained("uuid")
def uuid(template: str | None = None, first: int = 1) -> Uuid:
    """Return a generator of UUIDs, as text in lower case.

    Without a template they are of version 4 and look random; no two rows of a table have the same. A template is a UUID
    with a place for a number, which is `first` in the first row: `"00000000-0000-4000-8000-{:012d}"`.
    Raises OptionError for a template that does not make UUIDs.
    """
    number = _from_zero(first, "uuid: first")
    if template is None:
        if first != 1:
            raise OptionError(f"uuid: expected first only with a template, found first={first} alone")
        return Uuid(None, 1)
    _check_template(template, "uuid", '"00000000-0000-4000-8000-{:012d}"')
    if not _is_uuid(text := template.format(number)) or "X}" in template:
        raise OptionError(
            'uuid: expected a template that makes UUIDs in lower case, such as "00000000-0000-4000-8000-{:012d}", '
            f"found {template!r}, which makes {text!r}"
        )
    return Uuid(template, number)


@explained("pattern")
def pattern(template: str, first: int = 1) -> Pattern:
    """Return a generator of texts with a number in them: `pattern("perf.user.{}@test.com")`.

    `template` is formatted as by `str.format` with `first` in the first row, then `first + 1` and so on; `{:07d}`
    writes at least seven digits, `{:x}` hexadecimal ones. Raises OptionError when it has no place for a number.
    """
    _check_template(template, "pattern", '"perf.user.{}@test.com"')
    return Pattern(template, _from_zero(first, "pattern: first"))


def _numbers(rows: Sequence[int], first: int, step: int = 1) -> Sequence[int]:
    if isinstance(rows, range):
        return range(first + rows.start * step, first + rows.stop * step, rows.step * step)
    return [first + row * step for row in rows]


def _from_zero(value: Any, where: str) -> int:
    if whole(value, where) < 0:
        raise OptionError(f"{where}: expected a whole number from 0 up, found {value}")
    return int(value)


def _check_template(template: Any, generator: str, example: str) -> None:
    """Raise OptionError unless the template makes another text of each number."""
    if not isinstance(template, str):
        raise OptionError(f"{generator}: expected a template such as {example}, found {template!r}")
    try:
        fields = [part for part in string.Formatter().parse(template) if part[1] is not None]
        template.format(1)
    except KeyError as error:
        raise OptionError(
            f"{generator}: expected a template with a place for a number, such as {example}, found {template!r} with a "
            f"place for something called {error}; write {{}}"
        ) from None
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise OptionError(f"{generator}: expected a template such as {example}, found {template!r}: {error}") from None
    if not fields:
        raise OptionError(f"{generator}: expected a template with a place for a number, {example}, found {template!r}")
    for _, name, specification, conversion in fields:
        if name not in {"", "0"} or conversion or not _SPECIFICATION.match(specification or ""):
            raise OptionError(
                f"{generator}: expected places for a number as {{}}, {{:07d}} or {{:012x}}, found {template!r}"
            )


def _is_uuid(text: str) -> bool:
    """Is it a UUID as databases write it?"""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
