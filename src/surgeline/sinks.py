"""What follows a run second by second: the progress line, the thresholds that end it, the outputs."""

from collections.abc import Callable, Sequence

from surgeline.collect import snapshot
from surgeline.engine.context import Abort, RunContext
from surgeline.engine.load import Load
from surgeline.engine.sink import Blocks
from surgeline.errors import ExitCode
from surgeline.judge.evaluate import result_text
from surgeline.judge.watch import ThresholdWatch
from surgeline.metrics.registry import Registry
from surgeline.outputs.output import Output
from surgeline.report.progress import ProgressSnapshot
from surgeline.result import RunFacts, RunResult


class Progress:
    """Shows each second as it ends."""

    def __init__(self, load: Load, show: Callable[[ProgressSnapshot], None]) -> None:
        self._load = load
        self._show = show
        self._blocks: Blocks = []

    def take(self, _second: int, blocks: Blocks) -> None:
        """Keep what the second came to."""
        self._blocks += blocks

    def end_second(self, second: int, seconds: float) -> None:
        """Show it."""
        if 0 <= second < int(seconds):  # neither set-up nor what is left after the last whole second
            self._show(snapshot(self._load, self._blocks))
        self._blocks = []


class Guard:
    """Ends the run when a threshold fails that was declared to do so."""

    def __init__(self, thresholds: ThresholdWatch, context: RunContext) -> None:
        self._thresholds = thresholds
        self._context = context

    def take(self, second: int, blocks: Blocks) -> None:
        """The thresholds have it already."""

    def end_second(self, second: int, seconds: float) -> None:
        """Look at the thresholds as they stand."""
        if not 0 <= second < int(seconds):  # set-up; or a run that has come to its end by itself
            return
        failed = self._thresholds.failed_to_abort(seconds)
        if failed is not None and not self._context.stopping.is_set():
            self._context.end(Abort(f"the threshold {result_text(failed)} failed", ExitCode.THRESHOLDS_FAILED))


class Outputs:
    """The outputs of a run that were started; each of them is finished, whatever happens between."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = outputs
        self.started: list[Output] = []

    def start(self, facts: RunFacts, registry: Registry) -> None:
        """Start all of them. Raises OptionError when one can never work."""
        for output in self._outputs:
            output.start(facts)
            self.started.append(output)
        if self.started:
            from surgeline.outputs.samples import log_samples  # noqa: PLC0415 - few runs need it

            log_samples(registry, self.started)

    def finish(self, result: RunResult | None) -> None:
        """Let them write what is left."""
        for output in self.started:
            output.finish(result)
