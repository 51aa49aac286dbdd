"""A counter hash: numbers that look random and depend on a key and the number of a row alone.

The hash is SplitMix64's finaliser (Steele, Lea, Flood, 2014), twice; see `core/mixing.c` for the sources of the rest.
`key` is 64 bits without a sign; `rows` are numbers from 0, in any order, and quickest as a range. Numbers that do not
fit raise OverflowError.
"""

from collections.abc import Sequence

def bits(key: int, rows: Sequence[int]) -> list[int]:
    """Return 64 bits for each row; no two rows have the same."""

def below(key: int, rows: Sequence[int], bound: int) -> list[int]:
    """Return whole numbers from 0 to `bound - 1`, all as likely to `bound` parts in 2**64.

    Raises ValueError for a bound that is not 1 to 2**63.
    """

def unit(key: int, rows: Sequence[int]) -> list[float]:
    """Return numbers from 0 to below 1, multiples of 2**-53."""

def permuted(key: int, size: int, rows: Sequence[int]) -> list[int]:
    """Return what stands at these places of a shuffled `range(size)`.

    Rows from `size` on are in further shuffles: rows `n * size` to `(n + 1) * size - 1` have each number once, in an
    order of their own. Raises ValueError for a size that is not 1 to 2**63.
    """

def zipf(key: int, size: int, exponent: float, rows: Sequence[int]) -> list[int]:
    """Return numbers from 0 to `size - 1`, the one with number k as likely as `(k + 1) ** -exponent` says.

    Raises ValueError for a size that is not 1 to 2**53, or an exponent that is not 0 to below 1000.
    """

def uuids(key: int, rows: Sequence[int]) -> list[str]:
    """Return texts of version 4 UUIDs; no two rows have the same."""
