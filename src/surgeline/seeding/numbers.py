"""Generators of numbers.

Must not know any table, nor any database.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import Any

from surgeline._native.mixing import below, permuted, unit
from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding import checked
from surgeline.seeding.generator import Generator, Kind, Place, Shape

_MOST_PLACES = 18
_LEAST_SHARE = 1e-6
"""Of a normal distribution, between the bounds that are given; less is taken for a mistake."""


class Integer(Generator, frozen=True, tag="integer"):
    """Whole numbers from `low` to `high`, all equally likely; unique: in a shuffled order, each at most once."""

    low: int
    high: int
    unique: bool

    @property
    def numbered(self) -> bool:
        """See Generator."""
        return self.unique

    def values(self, rows: Sequence[int], place: Place) -> list[int]:
        """Return the numbers."""
        low, size = self.low, self.high - self.low + 1
        drawn = permuted(place.key, size, rows) if self.unique else below(place.key, rows, size)
        return [low + number for number in drawn] if low else drawn

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.INTEGER, low=self.low, high=self.high, unique=self.unique)

    def misfit(self, rows: int) -> str | None:
        """Say whether there are fewer numbers than rows."""
        size = self.high - self.low + 1
        if not self.unique or rows <= size:
            return None
        return f"expected at least {rows:,} numbers for so many rows, found {size:,} from {self.low} to {self.high}"


class Number(Generator, frozen=True, tag="number"):
    """Floating-point numbers from `low` to `high`, uniformly distributed."""

    low: float
    high: float

    def values(self, rows: Sequence[int], place: Place) -> list[float]:
        """Return the numbers."""
        low, size = self.low, self.high - self.low
        return [low + size * number for number in unit(place.key, rows)]

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.FLOAT, low=self.low, high=self.high)


class DecimalNumber(Generator, frozen=True, tag="decimal"):
    """Decimal numbers from `low` to `high`, all of so many places equally likely."""

    low: Decimal
    high: Decimal
    places: int

    def values(self, rows: Sequence[int], place: Place) -> list[Decimal]:
        """Return the numbers."""
        low, high = _scaled(self.low, self.places), _scaled(self.high, self.places)
        return _decimals([low + number for number in below(place.key, rows, high - low + 1)], self.places)

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.DECIMAL, low=float(self.low), high=float(self.high), scale=self.places)


class Normal(Generator, frozen=True, tag="normal"):
    """Numbers of a normal distribution, cut off at `low` and `high`, rounded to so many places."""

    mean: float
    deviation: float
    low: Decimal | None
    high: Decimal | None
    places: int

    def values(self, rows: Sequence[int], place: Place) -> list[Any]:
        """Return whole numbers where there are no places, else decimal numbers.

        By the inverse of the distribution function (Wichura's algorithm AS 241), between its values at the bounds.
        """
        inverse, scale = NormalDist(self.mean, self.deviation).inv_cdf, 10**self.places
        least, span = self.between()
        # At 0 and 1 the inverse is infinite.
        shares = [min(least + span * (number or 2**-54), 1 - 2**-53) for number in unit(place.key, rows)]
        numbers = _within([round(inverse(one) * scale) for one in shares], self.low, self.high, self.places)
        return _decimals(numbers, self.places) if self.places else numbers

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them; without bounds, nothing is further off than the inverse of 2**-54."""
        low = self.mean - 9 * self.deviation if self.low is None else float(self.low)
        high = self.mean + 9 * self.deviation if self.high is None else float(self.high)
        if self.places:
            return Shape(Kind.DECIMAL, low=low, high=high, scale=self.places)
        return Shape(Kind.INTEGER, low=round(low), high=round(high))

    def between(self) -> tuple[float, float]:
        """Return the distribution function at `low`, and by how much more it is at `high`."""
        cdf = NormalDist(self.mean, self.deviation).cdf
        least = 0.0 if self.low is None else cdf(float(self.low))
        return least, (1.0 if self.high is None else cdf(float(self.high))) - least


@explained("integer")
def integer(low: int, high: int, unique: bool = False) -> Integer:
    """Return a generator of whole numbers from `low` to `high`, both included.

    With `unique=True` no two rows of a table have the same, and a key may be made of them. Raises OptionError for a
    range without numbers, or with more than 2**63.
    """
    checked.ordered(checked.whole(low, "integer: low"), checked.whole(high, "integer: high"), "integer")
    if not isinstance(unique, bool):
        raise OptionError(f"integer: expected True or False for unique, found {unique!r}")
    _check_size(high - low + 1, "integer")
    return Integer(low, high, unique)


@explained("number")
def number(low: float, high: float) -> Number:
    """Return a generator of floating-point numbers from `low` to `high`, uniformly distributed."""
    least, most = checked.finite(low, "number: low"), checked.finite(high, "number: high")
    checked.ordered(least, most, "number")
    checked.finite(most - least, "number: high - low")
    return Number(least, most)


@explained("decimal")
def decimal(low: float | Decimal, high: float | Decimal, places: int = 2) -> DecimalNumber:
    """Return a generator of decimal numbers from `low` to `high`, both included, with `places` digits after the point.

    Raises OptionError for bounds with more digits after the point, and for a range of more than 2**63 numbers.
    """
    _check_places(places, "decimal")
    least, most = _bound(low, places, "decimal: low"), _bound(high, places, "decimal: high")
    checked.ordered(least, most, "decimal")
    _check_size(_scaled(most, places) - _scaled(least, places) + 1, "decimal")
    return DecimalNumber(least, most, places)


@explained("normal")
def normal(
    mean: float,
    deviation: float,
    *,
    low: float | Decimal | None = None,
    high: float | Decimal | None = None,
    places: int = 0,
) -> Normal:
    """Return a generator of normally distributed numbers: whole ones, or decimal ones with `places` digits.

    `low` and `high` cut the distribution off: what is beyond them is not drawn, rather than moved to them. Raises
    OptionError for a deviation that is not above 0, and for bounds between which there is next to nothing.
    """
    _check_places(places, "normal")
    centre, width = checked.finite(mean, "normal: mean"), checked.finite(deviation, "normal: deviation")
    if width <= 0:
        raise OptionError(
            f"normal: expected a deviation above 0, found {deviation!r}; for one number there is constant(...)"
        )
    least = None if low is None else _bound(low, places, "normal: low")
    most = None if high is None else _bound(high, places, "normal: high")
    if least is not None and most is not None:
        checked.ordered(least, most, "normal")
    generator = Normal(centre, width, least, most, places)
    if generator.between()[1] < _LEAST_SHARE:
        raise OptionError(
            f"normal: expected bounds that leave some of the distribution, found low={low} and high={high}"
        )
    furthest = checked.finite((abs(centre) + 9 * width) * 10**places, "normal: mean + 9 * deviation")
    _check_size(int(furthest), "normal")
    return generator


def _bound(value: Any, places: int, where: str) -> Decimal:
    bound = checked.decimal(value, where)
    if Fraction(bound) * 10**places % 1:
        raise OptionError(f"{where}: expected at most {places} digits after the point, found {value}; give places=")
    return _decimals([_scaled(bound, places)], places)[0]


def _check_places(places: Any, generator: str) -> None:
    if not 0 <= checked.whole(places, f"{generator}: places") <= _MOST_PLACES:
        raise OptionError(f"{generator}: expected places from 0 to {_MOST_PLACES}, found {places}")


def _check_size(size: int, generator: str) -> None:
    if size > checked.MOST:
        raise OptionError(f"{generator}: expected a range of at most 2**63 numbers, found {size:,}")


def _scaled(value: Decimal, places: int) -> int:
    return int(Fraction(value) * 10**places)


def _decimals(numbers: list[int], places: int) -> list[Decimal]:
    return [Decimal(f"{number}e-{places}") for number in numbers]


def _within(numbers: list[int], low: Decimal | None, high: Decimal | None, places: int) -> list[int]:
    """Return the numbers, those that rounding took over a bound put back on it."""
    if low is not None:
        least = _scaled(low, places)
        numbers = [max(number, least) for number in numbers]
    if high is not None:
        most = _scaled(high, places)
        numbers = [min(number, most) for number in numbers]
    return numbers
