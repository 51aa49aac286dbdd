"""Generators of references: values that stand in a column of another table.

Must not know any database.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from surgeline._native.mixing import below, permuted, zipf
from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding import checked
from surgeline.seeding.generator import Generator, Place, Shape
from surgeline.seeding.ids import Pattern, SequenceOf, Uuid
from surgeline.seeding.numbers import Integer
from surgeline.seeding.people import Email

if TYPE_CHECKING:
    from surgeline.seeding.declaration import Table

Distribution: TypeAlias = Literal["uniform", "zipf"]


class Parent(msgspec.Struct, frozen=True):
    """What a reference has to know of the table that it refers to."""

    name: str
    rows: int
    seed: int
    generator: "Numbered"
    """Of the column that is referred to."""


class ForeignKeyTo(Generator, frozen=True, tag="foreign_key", omit_defaults=True):
    """Values of a column of another table."""

    parent: Parent
    column: str
    distribution: Distribution
    exponent: float
    """Of the Zipf distribution; 0 without."""
    per_parent: int | None
    """So many rows, one after another, refer to each of the parents, in their order."""
    distinct_in: int | None = None
    """So many rows, one after another, refer to different parents."""

    @property
    def numbered(self) -> bool:
        """See Generator."""
        return True

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:
        """Return the values of the parents."""
        parent = self.parent
        return parent.generator.values(self._parents(rows, place), Place(parent.seed, parent.name, self.column))

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - any parent may be among them
        """Return what is known of them: what is known of the parents, but for how often each stands there."""
        shape = self.parent.generator.shape(self.parent.rows)
        return msgspec.structs.replace(
            shape,
            unique=shape.unique and self.per_parent == 1,
            distinct_in=self.distinct_in if shape.unique else None,
            alike_in=self.per_parent if shape.unique else None,
        )

    def misfit(self, rows: int) -> str | None:
        """Say whether the rows are more than the parents take."""
        if self.distinct_in is not None:
            return self._too_many_shuffles(rows, self.distinct_in)
        if self.per_parent is None or rows <= self.parent.rows * self.per_parent:
            return None
        most = self.parent.rows * self.per_parent
        return (
            f"expected at most {most:,} rows, {self.per_parent:,} for each of the {self.parent.rows:,} of "
            f"{self.parent.name}, found {rows:,}"
        )

    def _too_many_shuffles(self, rows: int, run: int) -> str | None:
        most = checked.MOST // self.parent.rows * run
        if rows <= most:
            return None
        return (
            f"expected at most {most:,} rows for distinct_in={run} and the {self.parent.rows:,} of {self.parent.name}, "
            f"found {rows:,}"
        )

    def _parents(self, rows: Sequence[int], place: Place) -> Sequence[int]:
        """Return the rows of the parents; in a Zipf distribution the first is the one most referred to.

        Distinct ones are the first ones of a shuffle of all parents; each run of rows has another shuffle.
        """
        if self.per_parent is not None:
            return [row // self.per_parent for row in rows]
        if self.distinct_in is not None:
            size, run = self.parent.rows, self.distinct_in
            return permuted(place.key, size, [row // run * size + row % run for row in rows])
        if self.distribution == "zipf":
            return zipf(place.key, self.parent.rows, self.exponent, rows)
        return below(place.key, rows, self.parent.rows)


Numbered: TypeAlias = SequenceOf | Uuid | Pattern | Integer | Email | ForeignKeyTo
"""All generators that a key may be made of: those that are read back from JSON."""
KEY_GENERATORS = "sequence, uuid, pattern, email, integer with unique=True, foreign_key"


@explained("foreign_key")
def foreign_key(
    parent: "Table",
    column: str | None = None,
    *,
    distribution: Distribution = "uniform",
    exponent: float = 1.0,
    per_parent: int | None = None,
    distinct_in: int | None = None,
) -> ForeignKeyTo:
    """Return a generator of values of another table's column, its key unless another is named.

    distribution: "uniform", all parents equally likely; or "zipf", the k-th parent as likely as k**-exponent says.
    per_parent: instead, exactly so many rows for each parent: row r belongs to parent r // per_parent.
    distinct_in: instead, all equally likely, but none twice among so many rows, one after another: the products of
    each order, beside `foreign_key(orders, per_parent=n)` with the same number. Together the two make a key.

    Raises OptionError for a column that the parent does not have, or of which no key can be made, and for a distinct_in
    of more rows than the parent has.
    """
    name = _column(parent, column)
    reference = Parent(parent.name, parent.rows, parent.seed, _referable(parent, name))
    if distribution not in {"uniform", "zipf"}:
        raise OptionError(f'foreign_key: expected "uniform" or "zipf" for distribution, found {distribution!r}')
    _check_one_way(distribution, per_parent, distinct_in)
    if distinct_in is not None and checked.above_zero(distinct_in, "foreign_key: distinct_in") > parent.rows:
        raise OptionError(
            f"foreign_key: expected distinct_in to be at most the {parent.rows:,} rows of {parent.name}, found "
            f"{distinct_in:,}"
        )
    if per_parent is not None:
        checked.above_zero(per_parent, "foreign_key: per_parent")
    return ForeignKeyTo(reference, name, distribution, _exponent(distribution, exponent), per_parent, distinct_in)


def _check_one_way(distribution: Distribution, per_parent: int | None, distinct_in: int | None) -> None:
    ways = {
        'distribution="zipf"': distribution == "zipf",
        "per_parent": per_parent is not None,
        "distinct_in": distinct_in is not None,
    }
    found = [way for way, is_given in ways.items() if is_given]
    if len(found) > 1:
        raise OptionError(f"foreign_key: expected one of {', '.join(ways)}, found {' and '.join(found)}")


def _exponent(distribution: Distribution, exponent: Any) -> float:
    value = checked.finite(exponent, "foreign_key: exponent")
    if not 0 <= value <= 100:
        raise OptionError(f"foreign_key: expected an exponent from 0 to 100, found {exponent!r}")
    if distribution == "uniform" and value != 1:
        raise OptionError(
            f'foreign_key: expected exponent only with distribution="zipf", found exponent={exponent!r} alone'
        )
    return value if distribution == "zipf" else 0.0


def _column(parent: Any, column: str | None) -> str:
    """Return the column that is referred to."""
    if not hasattr(parent, "key_table"):
        raise OptionError(f"foreign_key: expected a table that is declared with table(...), found {parent!r}")
    if column is None and len(parent.key) == 1:
        return str(parent.key[0])
    known = ", ".join(parent.columns)
    if column is None:
        raise OptionError(f"foreign_key: expected one of the columns of {parent.name}: {known}; its key has several")
    if column not in parent.columns:
        raise OptionError(f"foreign_key: expected a column of {parent.name}: {known}; found {column!r}")
    return column


def _referable(parent: "Table", column: str) -> Any:
    generator = parent.columns[column]
    if not generator.numbered:
        raise OptionError(
            f"foreign_key: expected a column of {parent.name} that a key can be made of ({KEY_GENERATORS}), found "
            f"{column!r}, which is none"
        )
    return generator
