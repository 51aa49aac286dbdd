"""What the rest of a run needs of the load, whoever carries it out: this process alone, or several.

Knows no way of carrying one out; `Execution` is one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from surgeline.engine.context import RunContext
from surgeline.engine.flows import Show
from surgeline.engine.iteration_errors import IterationErrors
from surgeline.engine.scenario import Scenario
from surgeline.engine.sink import Sink
from surgeline.metrics.health import GeneratorHealth


class LoadedScenario(Protocol):
    """One scenario of a load, and how it stands."""

    data: Any
    """What its users are given as `data`."""

    @property
    def name(self) -> str:
        """The scenario's name."""

    @property
    def scenario(self) -> Scenario:
        """The scenario as planned."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags of all its samples."""

    @property
    def errors(self) -> IterationErrors:
        """What its iterations raised."""

    @property
    def begins_ns(self) -> int:
        """When the scenario begins, from the start of the load on: as planned until then, and not before now."""

    @property
    def vus(self) -> int:
        """The most virtual users that ran an iteration at once in the last second."""

    @property
    def active(self) -> int:
        """How many virtual users are running an iteration."""

    @property
    def started(self) -> int:
        """How many iterations were started."""

    @property
    def dropped(self) -> int:
        """How many iterations were planned and will never start."""


class Load(Protocol):
    """The load of one run. It ends when the context says so: `stopping`, `aborting`."""

    @property
    def context(self) -> RunContext:
        """What it shares with the rest of the run; the registry holds all samples."""

    @property
    def runs(self) -> Sequence[LoadedScenario]:
        """The scenarios."""

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the start, or of the whole load once it has ended."""

    async def prepare(self) -> None:
        """Get ready, before set-up. Raises SurgelineError when that cannot be; then nothing was sent."""

    async def run(self, sinks: Sequence[Sink]) -> None:
        """Run every scenario to its end; each of `sinks` is given each second's blocks.

        Raises SetupError, before it starts, when the data from set-up is of no use to it.
        """

    @property
    def under_way(self) -> int | None:
        """How many keys of flows are waited for since the load has ended; None before."""

    async def drain(self, show: Show) -> None:
        """Wait for what flows have under way when the load has ended; it takes no part in the load's time."""

    def evict(self) -> None:
        """Break off whoever is still there: no more iterations, no time to end in order.

        A signal meanwhile means no waiting at all: it raises KeyboardInterrupt when everyone is broken off.
        """

    def finish(self) -> None:
        """End the last second; to be called again for what tear-down left, and when the loop was broken off."""

    def health(self) -> GeneratorHealth:
        """Return how the generator fared."""

    def doubts(self) -> tuple[str, ...]:
        """Return why nothing can be concluded from what was measured, in sentences; empty where all is well."""
