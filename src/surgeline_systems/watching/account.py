"""All that was seen of one source: each figure's first, last, least, largest and mean value. Pure.

It must not know a clock, nor how it is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from surgeline_systems.watching.figures import Figure, Growth, Look


@dataclass(slots=True)
class Seen:
    """The values of one figure; of a growth they are per second."""

    values: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """Each look counts the same."""
        return sum(self.values) / len(self.values)


class Account:
    """What was seen of one source."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self.seen: Mapping[Figure, Seen] = {figure: Seen() for figure in figures}
        self.looks = 0
        self.missed = 0
        """Looks at which it was away."""
        self.reason = ""
        """Why it was away last."""
        self._before: tuple[float, Look] | None = None

    def looked(self, at: float, now: Look) -> Iterator[tuple[Figure, float]]:
        """Take a look at a time in seconds; gives each figure that is known, of a growth what was added."""
        self.looks += 1
        before_at, before = self._before or (at, {})
        self._before = at, now
        for figure, seen in self.seen.items():
            value = figure.between(before, now)
            if value is not None:
                seen.values.append(value / (at - before_at) if isinstance(figure, Growth) else value)
                yield figure, value

    def was_away(self, reason: str) -> None:
        """Take a look that failed; what comes after it is compared with nothing before."""
        self.missed += 1
        self.reason = reason
        self._before = None
