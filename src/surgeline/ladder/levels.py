"""The levels of a ladder, for each combination of its matrix, and what the command line says of them.

Pure. Must not know how a level is run.
"""

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from surgeline.errors import OptionError

OPTIONS = ("rate", "vus")
"""Names that mean an option of the run; any other is a value for `env`."""
_SHOWN = {"rate": "{}/s", "vus": "{} VUs"}


@dataclass(frozen=True, slots=True)
class Values:
    """A name, and the values that it takes one after the other."""

    name: str
    values: tuple[str, ...]


Combination = tuple[tuple[str, str], ...]
"""Names of a matrix, each with one of its values."""


@dataclass(frozen=True, slots=True)
class Level:
    """One run of the script: a value of the levels, and a combination of the matrix."""

    name: str
    value: str
    combination: Combination = ()

    @property
    def title(self) -> str:
        """The level alone, as sentences name it: `200/s`, `TARGET_RPS=200`."""
        if (self.name, self.value) == ("vus", "1"):
            return "1 VU"
        return _SHOWN.get(self.name, f"{self.name}={{}}").format(self.value)

    @property
    def full_title(self) -> str:
        """The level with its combination."""
        return ", ".join(filter(None, [self.title, combination_title(self.combination)]))

    @property
    def file_name(self) -> str:
        """What stands for it in names of files: `200`, or `200-500` with a matrix."""
        values = [self.value, *(value for _, value in self.combination)]
        return "-".join(re.sub(r"[^\w.]+", "-", value) for value in values)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Levels, from low to high, and the matrix: each combination of its values has all of them."""

    levels: Values
    matrix: tuple[Values, ...] = ()
    expect: str | None = None
    """The level that has to pass; None for the first."""
    combinations: tuple[Combination, ...] = field(init=False)

    def __post_init__(self) -> None:
        axes = [[(axis.name, value) for value in axis.values] for axis in self.matrix]
        object.__setattr__(self, "combinations", tuple(itertools.product(*axes)))

    @property
    def runs(self) -> list[Level]:
        """All levels of the first combination, then of the next."""
        name, values = self.levels.name, self.levels.values
        return [Level(name, value, one) for one in self.combinations for value in values]

    @property
    def least(self) -> int:
        """How many levels have to pass."""
        return 1 if self.expect is None else self.levels.values.index(self.expect) + 1


def parse_ladder(levels: str, option: str | None, matrix: Sequence[str], expect: str | None) -> Ladder:
    """Return the ladder that options ask for. Raises OptionError."""
    rising = _levels(levels, option)
    axes = tuple(_values(text, "--matrix") for text in matrix)
    names = [rising.name, *(axis.name for axis in axes)]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"--levels, --matrix: expected each name once, found {name!r} again")
    if expect is not None and expect not in rising.values:
        raise OptionError(f"--expect: expected one of the levels {', '.join(rising.values)}, found {expect!r}")
    ladder = Ladder(rising, axes, expect)
    if len({level.file_name for level in ladder.runs}) < len(ladder.runs):
        raise OptionError(
            f"--matrix: expected values that differ in letters, digits or dots, found {', '.join(matrix)}"
        )
    return ladder


def combination_title(combination: Combination) -> str:
    """Return it as it is read: `TARGET_EPS=500, SIZE=2`."""
    return ", ".join(f"{name}={value}" for name, value in combination)


def _levels(text: str, option: str | None) -> Values:
    if "=" in text and option is not None:
        raise OptionError(f"--levels: expected numbers alone beside --option {option}, found {text!r}")
    rising = _values(text if "=" in text else f"{option or OPTIONS[0]}={text}", "--levels")
    numbers = [_number(value) for value in rising.values]
    if any(low >= high for low, high in itertools.pairwise(numbers)):
        raise OptionError(f"--levels: expected numbers from low to high, found {','.join(rising.values)}")
    return rising


def _values(text: str, option: str) -> Values:
    name, equals, rest = (part.strip() for part in text.partition("="))
    values = tuple(value.strip() for value in rest.split(","))
    if not name or not equals or not all(values):
        raise OptionError(f"{option}: expected values with commas between them, as NAME=100,500; found {text!r}")
    if len(set(values)) < len(values):
        raise OptionError(f"{option}: expected each value once, found {text!r}")
    return Values(name, values)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"--levels: expected numbers from low to high, such as 50,100,200; found {text!r}")
    return number
