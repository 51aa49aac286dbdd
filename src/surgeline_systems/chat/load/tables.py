"""What came of the test: for writes and for reads how many there were, how fast they came and how long they took. Pure.

It must not know where the figures come from.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Value = Callable[[str, str], float | None]
"""A statistic of a metric; None where there are no samples."""
LEAST_SHARE = 0.5
"""So much of its target is enough for a throughput."""
LEAST_SUCCESS = 0.95
LATENCIES = (("Avg", "avg"), ("P50", "med"), ("P95", "p(95)"), ("P99", "p(99)"), ("Max", "max"))
RULE = "=" * 43
WIDTH = 16


@dataclass(frozen=True, slots=True)
class Part:
    """What was to be measured: the scenario, and how many a second were wished for."""

    scenario: str
    target: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a part. Throughput is that of what succeeded."""

    part: Part
    total: int
    failed: int
    throughput: float

    @property
    def success(self) -> float:
        """The share of what succeeded, from 0 to 1; 0 where there was nothing."""
        return 1 - self.failed / self.total if self.total else 0.0

    @property
    def passed(self) -> bool:
        """Was it fast enough?"""
        return self.throughput >= LEAST_SHARE * self.part.target


def measured(part: Part, seconds: float, value: Value) -> Measured:
    """What came of a part that was to take so many seconds."""
    failures = f"http_req_failed{{load:{part.scenario}}}"
    failed, succeeded = (int(value(failures, which) or 0) for which in ("passes", "fails"))
    return Measured(part, failed + succeeded, failed, succeeded / seconds)


def tables(parts: Sequence[Part], seconds: float, value: Value, verdict: str) -> str:
    """All of it, with the verdict of the run."""
    lines = [RULE, "  Test results", RULE, f"{'Duration:':{WIDTH}}{seconds:.2f} seconds", ""]
    for part in parts:
        lines.extend(_lines(measured(part, seconds, value), value))
    return "\n".join([*lines, RULE, f"  Overall: {verdict}", RULE])


def _lines(found: Measured, value: Value) -> Iterator[str]:
    name = found.part.scenario
    yield f"{name.capitalize()}:"
    yield _row("Total", f"{found.total}")
    yield _row("Failed", f"{found.failed}")
    yield _row("Success Rate", f"{found.success:.2%}")
    yield _row("Throughput", f"{found.throughput:.2f} {name}/sec")
    yield _row("Target", f"{found.part.target} {name}/sec {'✓ PASS' if found.passed else '✗ FAIL'}")
    yield "  Latency:"
    for label, statistic in LATENCIES:
        taken = value(f"http_req_duration{{load:{name}}}", statistic)
        yield f"    {label}: {'-' if taken is None else f'{taken:.1f}ms'}"
    yield ""


def _row(label: str, text: str) -> str:
    return f"  {f'{label}:':{WIDTH - 2}}{text}"
