"""A scenario as the coordinator sees it: how it stands in all workers, and the account of what each has started."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from surgeline.engine.context import RunContext
from surgeline.engine.iteration_errors import IterationErrors
from surgeline.engine.scenario import Scenario
from surgeline.metrics import names
from surgeline.metrics.registry import Series
from surgeline.schedule.share import Share
from surgeline.workers.messages import Standing


@dataclass(slots=True)
class _Part:
    """What one worker has told."""

    begins_ns: int = 0
    started: int = 0
    active: int = 0
    vus: int = 0
    ended: int = 0
    """Completed and interrupted iterations."""
    dropped: int = 0


class PooledScenario:
    """One scenario over all workers."""

    def __init__(self, context: RunContext, scenario: Scenario, workers: int) -> None:
        self.scenario = scenario.seeded(context.seed)
        self.tags = scenario.tags_in(context.tags)
        self.errors = IterationErrors(context.notify)
        self.data: Any = context.data
        """What users are given as `data`."""
        self._parts = [_Part() for _ in range(workers)]
        series = context.registry.series
        self._completed = series(names.ITERATIONS, self.tags)
        self._interrupted = series(names.INTERRUPTED_ITERATIONS, self.tags)
        self._dropped = series(names.DROPPED_ITERATIONS, self.tags)
        self.counted = (self._completed, self._interrupted, self._dropped)
        """The series that `count` is to be told of."""

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def begins_ns(self) -> int:
        """When the scenario begins in the last worker, from the start of the load on: as planned until then."""
        return max(self.scenario.start_ns, *(part.begins_ns for part in self._parts))

    @property
    def vus(self) -> int:
        """The most virtual users that ran an iteration at once in the last second."""
        return sum(part.vus for part in self._parts)

    @property
    def active(self) -> int:
        """How many virtual users were running an iteration at the last report."""
        return sum(part.active for part in self._parts)

    @property
    def started(self) -> int:
        """How many iterations were started until the last report."""
        return sum(part.started for part in self._parts)

    @property
    def dropped(self) -> int:
        """How many iterations were planned and will never start."""
        return sum(part.dropped for part in self._parts)

    def take(self, worker: int, standing: Standing) -> None:
        """Take how the scenario stands in a worker."""
        part = self._parts[worker]
        part.begins_ns = standing.begins_ns
        part.started, part.active, part.vus = standing.started, standing.active, standing.vus
        for raised in standing.raised:
            self.errors.absorb(raised)

    def count(self, worker: int, series: Series, block: Any) -> None:
        """Take a worker's block of one of the `counted` series into account."""
        if series is self._dropped:
            self._parts[worker].dropped += int(block)
        else:
            self._parts[worker].ended += int(block)

    def lose(self, share: Share) -> Iterator[tuple[Series, float]]:
        """Settle the account of a worker that is gone: what it had under way was interrupted, the rest is dropped."""
        part = self._parts[share.index]
        planned = self.scenario.executor.planned_for(share)
        under_way = part.started - part.ended
        rest = 0 if planned is None else max(0, planned - part.started - part.dropped)
        part.active = part.vus = 0
        part.ended += under_way
        part.dropped += rest
        yield from ((series, float(n)) for series, n in ((self._interrupted, under_way), (self._dropped, rest)) if n)
