"""Distributions of waiting times: how long a person reads and types. Pure."""

from dataclasses import dataclass
from random import Random

from surgeline.errors import OptionError
from surgeline.schedule.duration import NANOSECONDS, parse_duration


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same `seconds`."""

    seconds: float

    def draw(self, random: Random) -> float:  # noqa: ARG002 - every distribution is drawn from alike
        """Return seconds."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """Anything from `least` to `most` seconds, all equally likely."""

    least: float
    most: float

    def draw(self, random: Random) -> float:
        """Return seconds."""
        return random.uniform(self.least, self.most)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Mostly short and sometimes long, `mean` seconds on average."""

    mean: float

    def draw(self, random: Random) -> float:
        """Return seconds."""
        return random.expovariate(1 / self.mean)


def constant(duration: str | float) -> Constant:
    """Return a wait of always the same duration. Raises OptionError when it is no duration."""
    return Constant(_seconds(duration, "constant"))


def uniform(least: str | float, most: str | float) -> Uniform:
    """Return a wait from `least` to `most`. Raises OptionError when they are no durations, or in the wrong order."""
    wait = Uniform(_seconds(least, "uniform"), _seconds(most, "uniform"))
    if wait.least > wait.most:
        raise OptionError(f"uniform: expected the shorter duration first, found {least!r}, {most!r}")
    return wait


def exponential(mean: str | float) -> Exponential:
    """Return a wait that is exponentially distributed. Raises OptionError when `mean` is no duration above 0."""
    wait = Exponential(_seconds(mean, "exponential"))
    if not wait.mean:
        raise OptionError(f"exponential: expected a mean above 0, found {mean!r}")
    return wait


def _seconds(duration: str | float, option: str) -> float:
    return parse_duration(duration, option) / NANOSECONDS
