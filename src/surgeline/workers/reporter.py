"""A sink that tells the coordinator, each second, what the worker's samples came to and how its scenarios stand."""

from collections.abc import Callable
from typing import Any

from surgeline._native.histogram import Histogram
from surgeline.engine.execution import Execution
from surgeline.engine.load import LoadedScenario
from surgeline.engine.sink import Blocks
from surgeline.metrics.names import Metric
from surgeline.metrics.registry import SETUP, Series
from surgeline.workers.messages import Report, Standing


class Reporter:
    """Sends a `Report` for each second."""

    def __init__(self, load: Execution, send: Callable[[Report], None]) -> None:
        self._load = load
        self._send = send
        self._numbers: dict[Series, int] = {}
        self._new: list[tuple[Metric, Any]] = []
        self._blocks: list[tuple[int, Any]] = []
        self._raised: list[dict[str, int]] = [{} for _ in load.runs]
        self._second = 0
        self._seconds = 0.0

    def take(self, _second: int, blocks: Blocks) -> None:
        """Keep what is to be sent; a histogram changes, so it is encoded at once."""
        for series, block in blocks:
            number = self._numbers.get(series)
            if number is None:
                number = self._numbers[series] = len(self._numbers)
                self._new.append((series.metric, series.tags))
            self._blocks.append((number, block.encode() if isinstance(block, Histogram) else block))

    def end_second(self, second: int, seconds: float) -> None:
        """Send the second; its last one is kept, for what the script leaves behind belongs to it."""
        if second == SETUP:
            return
        self._second, self._seconds = max(self._second, second), seconds
        if self._load.ended_ns <= self._load.started_ns:
            self.finish()

    def finish(self) -> None:
        """Send what is known."""
        standing = tuple(map(self._standing, self._load.runs, self._raised))
        self._send(Report(self._second, self._seconds, self._new, self._blocks, standing))
        self._new, self._blocks = [], []

    def _standing(self, run: LoadedScenario, told: dict[str, int]) -> Standing:
        raised = run.errors.since(told)
        told.update(run.errors.counts)
        return Standing(run.begins_ns, run.started, run.active, run.vus, raised)
