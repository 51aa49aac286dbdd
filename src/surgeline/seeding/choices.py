"""Generators that choose among values that are given, or always give the same one.

Must not know any table, nor any database.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Any
from uuid import UUID

import msgspec

from surgeline._native.mixing import below, permuted, unit
from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding.checked import MOST, kind_of
from surgeline.seeding.checked import share as checked_share
from surgeline.seeding.generator import Generator, Kind, Place, Shape


class Choice(Generator, frozen=True, tag="choice"):
    """One of some values, as often as its weight says: on the whole, or exactly so in each run of rows."""

    options: tuple[Any, ...]
    weights: tuple[int, ...]
    """Without a common factor."""
    exact: bool

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:
        """Return what is chosen."""
        total, options = sum(self.weights), tuple(map(_seen, self.options))
        drawn = permuted(place.key, total, rows) if self.exact else below(place.key, rows, total)
        if total <= max(len(drawn), len(options)):  # no search is as quick as a list of what each draw means
            spread = [option for option, weight in zip(options, self.weights, strict=True) for _ in range(weight)]
            return [spread[index] for index in drawn]
        ends = list(accumulate(self.weights))
        return [options[bisect_right(ends, index)] for index in drawn]

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return _shape_of(self.options)


class Constant(Generator, frozen=True, tag="constant"):
    """The same value in all rows."""

    value: Any

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:  # noqa: ARG002 - the same everywhere
        """Return it so many times."""
        return [_seen(self.value)] * len(rows)

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of it."""
        return _shape_of((self.value,))


class Nulls(Generator, frozen=True, tag="nulls"):
    """Another generator's values, but for a share of rows that have none."""

    generator: Generator
    share: float

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:
        """Return the values; those that are not None are what they are without the share of None."""
        numbers, values = unit(place.part("nulls").key, rows), self.generator.values(rows, place)
        share = self.share
        return [None if number < share else value for number, value in zip(numbers, values, strict=True)]

    def shape(self, rows: int) -> Shape:
        """Return what is known of them."""
        return msgspec.structs.replace(self.generator.shape(rows), nulls=True)

    def misfit(self, rows: int) -> str | None:
        """See Generator."""
        return self.generator.misfit(rows)


class Boolean(Generator, frozen=True, tag="boolean"):
    """True in a share of the rows."""

    share: float

    def values(self, rows: Sequence[int], place: Place) -> list[bool]:
        """Return them."""
        share = self.share
        return [number < share for number in unit(place.key, rows)]

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.BOOLEAN)


def without_nulls(generator: Generator) -> Generator:
    """Return the generator whose values these are, where they are not None."""
    return without_nulls(generator.generator) if isinstance(generator, Nulls) else generator


@explained("choice")
def choice(values: Iterable[Any] | Mapping[Any, float], exact: bool = False) -> Choice:
    """Return a generator that chooses: `choice(["red", "blue"])`, or by weight `choice({"PENDING": 8, "SENT": 2})`.

    With `exact=True` the shares are exact: in each run of as many rows as the weights, in lowest terms, add up to,
    every value has its share, in an order that looks random. None may be among the values. Raises OptionError when
    there is nothing to choose, for weights that are not above 0, and for values that no one column holds.
    """
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | set | frozenset):
        advice = "; it has no order" if isinstance(values, set | frozenset) else ""
        raise OptionError(f'choice: expected a list of values or {{"value": weight}}, found {values!r}{advice}')
    weights = dict(values) if isinstance(values, Mapping) else None
    options = tuple(values)
    if not options:
        raise OptionError("choice: expected at least one value, found none")
    if not isinstance(exact, bool):
        raise OptionError(f"choice: expected True or False for exact, found {exact!r}")
    return Choice(_of_one_kind(options), _lowest_terms(weights) if weights else (1,) * len(options), exact)


@explained("constant")
def constant(value: Any) -> Constant:
    """Return a generator of the same value in all rows; None is one. Raises OptionError when no column holds it."""
    return Constant(_of_one_kind((value,), "constant")[0])


@explained("nulls")
def nulls(generator: Generator, share: float) -> Nulls:
    """Return a generator of another's values, but for a `share` of rows that have None.

    Raises OptionError for a share that is not from 0 to 1.
    """
    if not isinstance(generator, Generator):
        raise OptionError(f"nulls: expected a generator such as integer(1, 6), found {generator!r}")
    return Nulls(generator, checked_share(share, "nulls: share"))


@explained("boolean")
def boolean(share: float = 0.5) -> Boolean:
    """Return a generator of True in a share of the rows, else False. Raises OptionError for a share not from 0 to 1."""
    return Boolean(checked_share(share, "boolean: share"))


def _lowest_terms(weights: Mapping[Any, Any]) -> tuple[int, ...]:
    """Return weights as whole numbers without a common factor; floats are taken as they are written."""
    exact = [_weight(value, weight) for value, weight in weights.items()]
    whole = [int(one * math.lcm(*(each.denominator for each in exact))) for one in exact]
    lowest = tuple(one // math.gcd(*whole) for one in whole)
    if sum(lowest) > MOST:
        raise OptionError(f"choice: expected weights with fewer digits, found {list(weights.values())}")
    return lowest


def _weight(value: Any, weight: Any) -> Fraction:
    is_number = isinstance(weight, int | float | Decimal) and not isinstance(weight, bool)
    if not is_number or not math.isfinite(weight) or weight <= 0:
        raise OptionError(f"choice: expected a weight above 0 for {value!r}, found {weight!r}")
    return Fraction(str(weight))


def _of_one_kind(values: tuple[Any, ...], generator: str = "choice") -> tuple[Any, ...]:
    """Return values as one column holds them. Raises OptionError when none holds them all."""
    kinds = {kind_of(value, generator) for value in values if value is not None}
    for numbers, number in ((Kind.FLOAT, float), (Kind.DECIMAL, Decimal)):
        if kinds == {Kind.INTEGER, numbers}:
            return tuple(value if value is None else number(value) for value in values)
    if len(kinds) > 1 or len({getattr(value, "tzinfo", None) is None for value in values if value is not None}) > 1:
        raise OptionError(f"{generator}: expected values of one kind, found {', '.join(map(repr, values))}")
    return values


def _seen(value: Any) -> Any:
    """Return a value as scripts see it."""
    return str(value) if isinstance(value, UUID) else value


def _shape_of(values: Sequence[Any]) -> Shape:
    """Return what is known of some values of one kind; of nothing but None, that any column holds them."""
    given = [value for value in values if value is not None]
    nulls = len(given) < len(values)
    if not given:
        return Shape(Kind.ANY, nulls=True)
    kind = kind_of(given[0], "a value")
    match kind:
        case Kind.INTEGER | Kind.FLOAT:
            return Shape(kind, low=min(given), high=max(given), nulls=nulls)
        case Kind.DECIMAL:
            return Shape(
                kind, low=float(min(given)), high=float(max(given)), scale=max(map(_scale, given)), nulls=nulls
            )
        case Kind.TEXT | Kind.BYTES:
            return Shape(kind, longest=max(map(len, given)), nulls=nulls)
    return Shape(kind, nulls=nulls, aware=getattr(given[0], "tzinfo", None) is not None)


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
