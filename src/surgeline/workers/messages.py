"""What the coordinator and a worker tell each other, in the order in which a run needs it.

The worker is told `Hello`, `HandOver`, `Begin`, and then what changes; it tells `Declared`, `Ready`, a `Report` for
each second, and `Done`, with what happens in between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from surgeline.engine.iteration_errors import Raised
from surgeline.engine.missing_parents import MissingParent
from surgeline.engine.scenario import Executor
from surgeline.errors import ExitCode, SurgelineError
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.names import Metric
from surgeline.outputs.samples import SampleOutput
from surgeline.result import RunFacts
from surgeline.schedule.share import Share
from surgeline.script.plan import TestPlan


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker needs to read its task."""

    import_path: list[str]
    """The coordinator's `sys.path`: the recipe may come from anywhere on it."""
    task: bytes
    """A pickled `Task`."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is to do."""

    recipe: Callable[[], TestPlan]
    share: Share
    seed: int
    insecure: bool
    outputs: tuple[SampleOutput, ...]
    """To be joined."""
    facts: RunFacts | None
    """For the outputs."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The worker has made its plan: each scenario's name and executor."""

    scenarios: tuple[tuple[str, Executor], ...]


@dataclass(frozen=True, slots=True)
class HandOver:
    """What set-up returned, pickled: that of the run, and that of each scenario."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker waits for its start."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker cannot begin."""

    error: SurgelineError


@dataclass(frozen=True, slots=True)
class Begin:
    """The load begins at this time of the monotonic clock, which all processes of a machine share."""

    start_ns: int


@dataclass(frozen=True, slots=True)
class Stop:
    """No more iterations."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """No more iterations, and those under way are not waited for."""


@dataclass(frozen=True, slots=True)
class BreakOff:
    """The end, at once, and then what is known until here."""


@dataclass(frozen=True, slots=True)
class Steer:
    """A new number of users or starts per second, over all workers; None ends the scenario."""

    scenario: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Steerable:
    """From now on a scenario can be steered, or no longer."""

    scenario: str
    there: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for the person who watches."""

    text: str


@dataclass(frozen=True, slots=True)
class Aborted:
    """The script ended the run."""

    reason: str
    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class Standing:
    """How a scenario stands in one worker."""

    begins_ns: int
    """From the start of the load on; as planned until it has begun, and not before now."""
    started: int
    active: int
    vus: int
    raised: list[Raised]
    """What its iterations raised since the last report."""


@dataclass(frozen=True, slots=True)
class Report:
    """One second of a worker."""

    second: int
    seconds: float
    series: list[tuple[Metric, Mapping[str, str]]]
    """Those that appear for the first time; they are numbered in this order from the first report on."""
    blocks: list[tuple[int, Any]]
    """By the series' number; histograms encoded."""
    scenarios: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Draining:
    """The load has ended, and so many keys of flows are waited for; told each second."""

    under_way: int


@dataclass(frozen=True, slots=True)
class Finishing:
    """The load has ended; the worker may tell nothing for so long, while its outputs write what is left."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """The worker has ended; everything was reported."""

    health: GeneratorHealth
    seconds: float
    """How long its load went on."""
    missing_parents: tuple[MissingParent, ...] = ()
    """What failing answers said."""
