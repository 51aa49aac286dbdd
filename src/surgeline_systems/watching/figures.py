"""What two looks at a server come to: a level, what was added in between, or a share of that. Pure arithmetic.

It must not know what is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Look = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Level:
    """What is as it is at each look. `name` is that of the metric and of the value."""

    name: str
    unit: str = ""

    def between(self, _before: Look, now: Look) -> float | None:
        """The value now; None where it is not known."""
        return now.get(self.name)


@dataclass(frozen=True, slots=True)
class Growth:
    """What only grows: told is what was added. A counter that was reset meanwhile has added nothing.

    `per_second` is what a unit of it in a second is called.
    """

    name: str
    unit: str = ""
    per_second: str = ""

    def between(self, before: Look, now: Look) -> float | None:
        """How much was added; None where it is not known."""
        if self.name not in before or self.name not in now:
            return None
        return max(0.0, now[self.name] - before[self.name])


@dataclass(frozen=True, slots=True)
class Share:
    """How much of two things that only grow was the first of them, from 0 to 1."""

    name: str
    part: Growth
    rest: Growth
    unit: str = ""

    def between(self, before: Look, now: Look) -> float | None:
        """The share; None where it is not known, or where nothing was added."""
        part, rest = self.part.between(before, now), self.rest.between(before, now)
        return part / (part + rest) if part is not None and rest is not None and part + rest else None


Figure = Level | Growth | Share
