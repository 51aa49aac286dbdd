"""A test plan that both k6 and surgeline can be given: scenarios under k6's names, and what an iteration does.

Says what, and not how either of them writes it: that is `k6_rendering` and `surgeline_rendering`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TREND_STATS = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99.9)", "count")
"""What both write of each trend."""
NUMBER = object()
"""As a value to add: the iteration's number in its scenario, counted from 0."""


@dataclass(frozen=True)
class Get:
    """Request a path of the server."""

    path: str = "/ok"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GetPathOfSetup:
    """Request the path that set-up returned."""


@dataclass(frozen=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Check:
    """Check; it holds in each `every`-th iteration of the scenario, or never for 0."""

    name: str
    every: int = 1


@dataclass(frozen=True)
class Add:
    """Add to a metric of one's own: a `Counter`, `Gauge`, `Rate` or `Trend`."""

    type: str
    metric: str
    value: Any
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tag:
    """Set a tag of the virtual user."""

    name: str
    value: str


@dataclass(frozen=True)
class Fail:
    """Call `fail`."""


@dataclass(frozen=True)
class Abort:
    """Call `abort`."""


@dataclass(frozen=True)
class Raise:
    """Raise an exception."""


@dataclass(frozen=True)
class Group:
    """Do these in a group."""

    name: str
    body: tuple["Step", ...]


@dataclass(frozen=True)
class Every:
    """Do these in each `nth` iteration of the scenario, the first among them."""

    nth: int
    body: tuple["Step", ...]


Step = Get | GetPathOfSetup | Sleep | Check | Add | Tag | Fail | Abort | Raise | Group | Every
Steps = tuple[Step, ...]


@dataclass(frozen=True)
class Scenario:
    """One scenario: k6's executor, and its options under k6's names in snake case."""

    executor: str
    options: Mapping[str, Any]
    body: Steps = (Get(),)
    name: str = "main"


@dataclass(frozen=True)
class Stop:
    """Send SIGINT as soon as there was a request."""


@dataclass(frozen=True)
class SetVUs:
    """Set the number of virtual users, so many seconds after the first request."""

    seconds: float
    vus: int


@dataclass(frozen=True)
class Plan:
    """A whole test."""

    name: str
    scenarios: tuple[Scenario, ...]
    setup: Steps = ()
    setup_path: str | None = None
    """The path that set-up returns, for `GetPathOfSetup`."""
    teardown: Steps = ()
    thresholds: Mapping[str, list[Any]] = field(default_factory=dict)
    """By selector: texts, or mappings with `abort_on_fail`."""
    metrics_without_samples: Mapping[str, str] = field(default_factory=dict)
    """Types by name, of those that no step adds to."""
    meanwhile: Stop | SetVUs | None = None
    workers: int = 1
    """How many processes of ours carry it out; k6 has no such thing, and is not asked."""

    def __str__(self) -> str:
        return self.name

    @property
    def metrics(self) -> dict[str, str]:
        """The types of the metrics of its own, by name."""
        bodies = [self.setup, self.teardown, *(scenario.body for scenario in self.scenarios)]
        steps = (step for body in bodies for step in every_step(body))
        return {**self.metrics_without_samples, **{one.metric: one.type for one in steps if isinstance(one, Add)}}


def every_step(body: Steps) -> Iterator[Step]:
    """Yield the steps, those inside of others too."""
    for step in body:
        yield step
        if isinstance(step, Group | Every):
            yield from every_step(step.body)
