"""Zipf's law: which of a number of things is asked for, when a few are asked for most.

The k-th of n, counted from 1, has the probability k ** -exponent over the sum of all of these. It is drawn by rejection
inversion: W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
distributions", ACM Transactions on Modeling and Computer Simulation 6(3), 1996, pages 169 to 184. That is exact, to the
precision of a double, for any exponent from 0 up, and keeps no table of the ranks.
"""

from collections.abc import Callable
from functools import lru_cache
from math import exp, expm1, inf, log, log1p
from sys import float_info

from surgeline.errors import OptionError

Draw = Callable[[Callable[[], float]], int]
"""Given what returns random numbers from 0 to below 1, returns a rank."""


@lru_cache(maxsize=256)
def zipf_ranks(count: int, exponent: float) -> Draw:
    """Return what draws one of the ranks 0 to `count` - 1. Raises OptionError for an exponent that is none."""
    if isinstance(exponent, bool) or not isinstance(exponent, int | float) or not 0 <= exponent <= float_info.max:
        raise OptionError(f"pool.zipf: expected a number from 0 up as the exponent, found {exponent!r}")
    integral, inverse = _hat(exponent)
    top = integral(count + 0.5)
    width = integral(1.5) - 1.0 - top
    surely = 2.0 - inverse(integral(2.5) - 2.0**-exponent)

    def draw(random: Callable[[], float]) -> int:
        while True:
            area = top + random() * width
            place = inverse(area)
            rank = (int(place + 0.5) or 1) if place < count else count  # or: by rounding alone
            if rank - place <= surely or area >= integral(rank + 0.5) - rank**-exponent:
                return rank - 1

    return draw


def _hat(exponent: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Return the integral of x ** -exponent from 1 on, and its inverse.

    Written with `expm1` and `log1p`, they lose nothing where the exponent is close to 1.
    """
    rest = 1.0 - exponent
    if not rest:
        return log, exp

    def integral(x: float) -> float:
        return expm1(rest * log(x)) / rest

    def inverse(area: float) -> float:
        power = rest * area  # -1 and below by rounding alone: the place is farther than doubles can tell
        return exp(log1p(power) / rest) if power > -1.0 else inf

    return integral, inverse
