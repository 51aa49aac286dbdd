"""What a run came to: frozen data that outputs and reports render, and that knows nothing of them.

Built once, by `run`, when the load has ended.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from surgeline.judge.evaluate import ThresholdResult
from surgeline.judge.verdict import Verdict
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.names import Metric
from surgeline.metrics.values import RateValue, TrendValue, Value


class Metrics(Protocol):
    """What can be asked of the samples of a run."""

    def metrics(self) -> list[Metric]:
        """Return the metrics that have samples, by name."""

    def value(self, name: str, tags: Mapping[str, str] | None = None) -> Value | None:
        """Return what the metric came to over all series that carry `tags`; None when there is no such sample."""

    def by_tag(self, name: str, *tag_names: str) -> Mapping[tuple[str, ...], Value]:
        """Return what it came to for each combination of values of these tags; a tag that is missing is ""."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run before its load begins, for those that record it."""

    run_id: str
    title: str
    """The script's path, or the request of `surgeline http`."""
    script_path: Path | None
    script_text: str
    """Empty where there is no script."""
    started_at: datetime
    """With its time zone."""
    seed: int
    tags: Mapping[str, str]
    options: Mapping[str, Any]
    """By name, as they were given; of types that JSON has."""
    scenarios: tuple[str, ...]
    """One line for each scenario: its name and what its executor does."""
    metrics: tuple[Metric, ...]
    """Those of the script's own."""
    notify: Callable[[str], None]
    """Takes a message for the person who watches."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check by name, with how often it passed and failed."""

    name: str
    value: RateValue


class Kind(Enum):
    """What a row counts. Each has tables of its own; the value is what they are called."""

    REQUESTS = "requests"
    """HTTP requests."""
    GRPC_CALLS = "gRPC calls"
    """Calls of gRPC methods; a stream is one."""
    OPERATIONS = "operations"
    """What the script timed itself: `vu.timed`."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """All requests of one method and name; or all operations of one name."""

    method: str
    """Empty where there are none, as for operations."""
    name: str
    duration: TrendValue
    rate: float
    """How many in a second of the run."""
    failed: RateValue
    """`http_req_failed` of these requests: `passes` counts the failed ones, as in k6. `operation_failed` likewise."""
    kind: Kind = Kind.REQUESTS

    @property
    def title(self) -> str:
        """What it is called in a table."""
        return f"{self.method} {self.name}" if self.method else self.name

    @property
    def count(self) -> int:
        """How many there were, failed ones too."""
        return self.failed.passes + self.failed.fails


@dataclass(frozen=True, slots=True)
class FailureKind:
    """Requests that failed in one way: an error code with its text, or an unexpected status. Or operations."""

    code: int
    """k6's error code, 1000 and up; 0 where there are none, as for operations."""
    message: str
    count: int
    kind: Kind = Kind.REQUESTS

    @property
    def parts(self) -> tuple[str, ...]:
        """Its code, where it has one, and its message."""
        return (str(self.code), self.message) if self.code else (self.message,)


@dataclass(frozen=True, slots=True)
class IterationError:
    """Exceptions of one kind in scenario functions, with the traceback of the first."""

    kind: str
    """Type, message and place, in one line."""
    count: int
    first_traceback: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about something that went wrong."""

    text: str
    """What was found, and what is behind it: sentences."""
    command: str | None = None
    """What mends it, as it is typed."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """One finished run."""

    title: str
    """The script's path, or the request of `surgeline http`."""
    scenarios: tuple[str, ...]
    """One line for each scenario: its name and what its executor does."""
    started_at: datetime
    """With its time zone."""
    seconds: float
    """From the first scenario's start to the end of the last iteration."""
    metrics: Metrics
    trend_stats: tuple[str, ...]
    thresholds: tuple[ThresholdResult, ...]
    checks: tuple[CheckResult, ...]
    requests: tuple[RequestRow, ...]
    """Of every kind, those of one kind together."""
    failures: tuple[FailureKind, ...]
    iteration_errors: tuple[IterationError, ...]
    health: GeneratorHealth
    verdict: Verdict
    interrupted: bool
    """A signal ended the run."""
    seed: int
    """What `--seed` must be to draw the same again."""
    advice: tuple[Advice, ...] = ()
    own_summary: str = ""
    """What the script adds to the summary."""
