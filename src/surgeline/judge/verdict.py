"""Turns threshold results and the generator's health into one verdict that can be trusted.

Pure. Must not know how a run is measured or shown. Where the generator was the limit, or a part of it was lost, no
figure is the service's own, so that no threshold can pass or fail on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from surgeline.errors import ExitCode
from surgeline.judge.evaluate import ThresholdResult, result_text
from surgeline.metrics.health import BUSY_LIMIT, GeneratorHealth
from surgeline.metrics.names import DROPPED_ITERATIONS

BUSY_SECONDS = 0.5
BUSY_SHARE = 0.01
"""Of the time: as much can be in a p99."""
_NAMED = 3
_BLOCKED = 0.3
"""Share of the time that the loop was busy in which it also computed; with less, it waited for something."""
CUT_OFF_SHARE = 0.25
"""Of all requests: with more of them cut off, the figures are of those that happened to be quick."""


class Outcome(Enum):
    """What a run came to."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_JUDGED = "not judged"


_EXIT_CODES = {
    Outcome.PASSED: ExitCode.PASSED,
    Outcome.FAILED: ExitCode.THRESHOLDS_FAILED,
    Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Outcome.NOT_JUDGED: ExitCode.PASSED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and why: sentences with figures, the deciding one first."""

    outcome: Outcome
    reasons: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        return _EXIT_CODES[self.outcome]


def judge(
    results: Sequence[ThresholdResult],
    health: GeneratorHealth,
    p50_ms: float,
    *,
    doubts: Sequence[str] = (),
    abort_reason: str | None = None,
    ended_by_threshold: bool = False,
    stopped: bool = False,
) -> Verdict:
    """Return the verdict over all thresholds.

    `p50_ms` is the median service time, NaN when there were no requests: starts may be late by a tenth of it. `doubts`
    are other reasons, found elsewhere, why nothing can be concluded from the run. `abort_reason` is why the run was
    ended before its time: what passed until then need not have held. `ended_by_threshold` says that a threshold did so,
    which had failed then; `stopped` that a signal did.
    """
    limits = _generator_limits(health, p50_ms)
    dropped = [*_dropped(health), *_cut_off(health)]
    aborted = [] if abort_reason is None else [f"the run was aborted: {abort_reason}"]
    if not results:
        nothing = "there are no thresholds, so nothing was judged"
        outcome = Outcome.INCONCLUSIVE if doubts else Outcome.NOT_JUDGED
        return Verdict(outcome, (*aborted, *doubts, nothing, *limits, *dropped))
    outcome = _outcome(results, limited=bool(doubts or limits))
    if abort_reason is not None and outcome is Outcome.PASSED:
        outcome = Outcome.FAILED if ended_by_threshold else Outcome.INCONCLUSIVE
    return Verdict(outcome, (*aborted, *doubts, *limits, *_threshold_reasons(results, stopped=stopped), *dropped))


def loop_too_busy(health: GeneratorHealth) -> bool:
    """Was the loop busier than it may be, for long enough to be more than the first moments of a run?"""
    if health.loop_busy > BUSY_LIMIT and health.seconds >= BUSY_SECONDS:
        return True
    return health.saturated_seconds >= max(BUSY_SECONDS, BUSY_SHARE * health.seconds)


def lateness_limit_ms(p50_ms: float) -> float:
    """Return how late, at p99, starts may be before the generator is taken for the limit."""
    tenth = p50_ms / 10
    return tenth if tenth > 10 else 10.0


def _outcome(results: Sequence[ThresholdResult], *, limited: bool) -> Outcome:
    marks = {result.ok for result in results}
    if limited:
        return Outcome.INCONCLUSIVE
    if False in marks:
        return Outcome.FAILED
    return Outcome.INCONCLUSIVE if None in marks else Outcome.PASSED


def _generator_limits(health: GeneratorHealth, p50_ms: float) -> list[str]:
    reasons = []
    if loop_too_busy(health):
        advice = "lower the rate, make the script lighter, or use more cores or machines"
        if health.cpu_seconds < _BLOCKED * health.loop_busy * health.seconds:
            advice = (
                "it did not compute meanwhile, so the script blocked it (time.sleep, requests, a database driver?): "
                "use what can be awaited, or asyncio.to_thread"
            )
        reasons.append(
            f"the generator was the limit: its loop was {_how_busy(health)} busy (at most {BUSY_LIMIT:.0%}); {advice}"
        )
    limit = lateness_limit_ms(p50_ms)
    if health.lateness_p99_ms > limit:
        reasons.append(
            f"the generator fell behind its schedule: 1% of the iterations started {health.lateness_p99_ms:,.2f}ms "
            f"late or more (at most {limit:,.2f}ms); lower the rate, make the script lighter, or free a core for it"
        )
    if health.requests_for_want_of_resources:
        reasons.append(
            f"{health.requests_for_want_of_resources:,} requests failed because the generator had no memory, file "
            "descriptor or local port left; raise `ulimit -n`, use fewer VUs, or more machines"
        )
    return reasons


def _how_busy(health: GeneratorHealth) -> str:
    if health.loop_busy > BUSY_LIMIT:
        return f"{health.loop_busy:.1%}"
    return f"for {health.saturated_seconds:.1f} s of {health.seconds:.1f} s more than {BUSY_LIMIT:.0%}"


def _threshold_reasons(results: Sequence[ThresholdResult], *, stopped: bool) -> list[str]:
    failed = [result for result in results if result.ok is False]
    unknown = [result for result in results if result.ok is None and result.threshold.condition.of_target]
    empty = [result for result in results if result.ok is None and result not in unknown]
    reasons = []
    if failed:
        reasons.append(f"{_of(failed, results)} failed: {_list(failed)}{_by_stopping(failed) if stopped else ''}")
    if empty:
        reasons.append(f"{_of(empty, results)} had no samples: {_list(empty)}; check the metric's tags and the script")
    if unknown:
        reasons.append(
            f"{_of(unknown, results)} had no target: {_list(unknown)}; the run was not finished, or planned no starts "
            "in the time that is judged"
        )
    if not reasons:
        reasons.append(f"{_of(results, results)} passed")
    return reasons


def _by_stopping(failed: Sequence[ThresholdResult]) -> str:
    if all(result.threshold.metric != DROPPED_ITERATIONS for result in failed):
        return ""
    return "; the run was stopped by a signal, and what had not started by then counts as dropped"


def _of(some: Sequence[ThresholdResult], results: Sequence[ThresholdResult]) -> str:
    thresholds = "threshold" if len(results) == 1 else "thresholds"
    return f"{len(some)} of {len(results)} {thresholds}"


def _list(results: Sequence[ThresholdResult]) -> str:
    named = ", ".join(result_text(result) for result in results[:_NAMED])
    more = len(results) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _cut_off(health: GeneratorHealth) -> list[str]:
    if not health.abandoned_requests:
        return []
    return [
        f"requests cut off: {health.abandoned_requests:,} had no answer when their iteration was ended; they count "
        "neither as answered nor as failed"
    ]


def _dropped(health: GeneratorHealth) -> list[str]:
    if not health.dropped_iterations:
        return []
    return [
        f"dropped iterations: {health.dropped_iterations:,} were planned and never started: every VU was busy, the "
        "time was over, or the run was ended early"
    ]
