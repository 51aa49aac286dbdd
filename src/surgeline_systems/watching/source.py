"""What can be watched: a server or a process that is looked at again and again. It must not know how often, nor why."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from surgeline import SurgelineError
from surgeline_systems.watching.figures import Figure


class AwayError(SurgelineError):
    """What is watched cannot be looked at now; the text says why."""


class Source(Protocol):
    """Something that is watched: its name for people, what is told of it, and the tags of its metrics."""

    name: str
    figures: Sequence[Figure]
    tags: Mapping[str, str]

    async def open(self) -> None:
        """Get ready to look. Raises: AwayError."""

    async def look(self) -> Mapping[str, float]:
        """What there is now, by the names that the figures ask for; some may be missing. Raises: AwayError."""

    async def close(self) -> None:
        """Let go of it; again does nothing."""

    async def details(self) -> Sequence[str]:
        """Lines for people that fit in no table, once at the end. Raises: AwayError."""
