"""What is known of a worker that is gone, and of what its iterations raised, adds up."""

from hypothesis import given
from hypothesis import strategies as st

from surgeline.engine.context import RunContext
from surgeline.engine.executors import ConstantVUs, SharedIterations
from surgeline.engine.iteration_errors import MOST_KINDS, OTHER, IterationErrors
from surgeline.engine.loop import close_loop, new_loop
from surgeline.engine.scenario import Scenario
from surgeline.metrics.names import DROPPED_ITERATIONS, INTERRUPTED_ITERATIONS, ITERATIONS
from surgeline.metrics.registry import Registry
from surgeline.schedule.share import Share
from surgeline.workers.messages import Standing
from surgeline.workers.scenario import PooledScenario


def lost(executor, share, started, completed, interrupted, dropped):
    """Return what is counted as interrupted and as dropped when a worker is lost that had told this."""
    loop, poller = new_loop()
    try:
        context = RunContext(loop, poller, Registry(), 1, {}, print)
        run = PooledScenario(context, Scenario("work", lambda vu: None, executor), share.of)
        told = ((ITERATIONS, completed), (INTERRUPTED_ITERATIONS, interrupted), (DROPPED_ITERATIONS, dropped))
        for metric, count in told:
            run.count(share.index, context.registry.series(metric, run.tags), float(count))
        run.take(share.index, Standing(0, started, started - completed - interrupted, 1, []))
        counts = {series.metric: count for series, count in run.lose(share)}
        assert (run.active, run.vus, run.started) == (0, 0, started)
        assert list(run.lose(share)) == []
    finally:
        close_loop(loop)
    return counts.get(INTERRUPTED_ITERATIONS, 0), counts.get(DROPPED_ITERATIONS, 0)


@given(st.integers(1, 5), st.integers(0, 100), st.data())
def test_everything_planned_is_accounted_for(of, planned, data):
    share = Share(data.draw(st.integers(0, of - 1)), of)
    executor = SharedIterations(of, planned + of, 10**9)
    own = share.count(planned + of)
    started = data.draw(st.integers(0, own))
    dropped = data.draw(st.integers(0, own - started))
    completed = data.draw(st.integers(0, started))
    interrupted = data.draw(st.integers(0, started - completed))
    more_interrupted, more_dropped = lost(executor, share, started, completed, interrupted, dropped)
    assert completed + interrupted + more_interrupted + dropped + more_dropped == own
    assert more_interrupted == started - completed - interrupted


def test_what_was_not_planned_is_not_dropped():
    assert lost(ConstantVUs(4, 10**9), Share(0, 2), 10, 7, 1, 0) == (2, 0)


def raised(errors, kind, times=1):
    for _ in range(times):
        try:
            exec(compile("\n" * kind + "raise ValueError('a text')", "script.py", "exec"))
        except ValueError as error:
            errors.record(error)


def test_errors_of_two_processes_add_up_by_their_place():
    shown = []
    whole, parts = IterationErrors(shown.append), [IterationErrors(lambda _: None) for _ in range(2)]
    told = [{}, {}]
    for turn in range(2):
        for part, counts in zip(parts, told, strict=True):
            raised(part, 1, times=turn + 1)
            raised(part, 2 + turn)
            for one in part.since(counts):
                whole.absorb(one)
            counts.update(part.counts)
    assert list(whole.counts.values()) == [6, 2, 2]
    assert whole.counts.keys() == whole.first_tracebacks.keys() == parts[0].counts.keys()
    assert len(shown) == 3
    assert parts[0].since(told[0]) == []


def test_more_kinds_than_are_kept_count_together():
    whole, part = IterationErrors(lambda _: None), IterationErrors(lambda _: None)
    for kind in range(MOST_KINDS + 5):
        raised(part, kind)
    for one in part.since({}):
        whole.absorb(one)
    raised(whole, MOST_KINDS + 10)
    assert part.counts[OTHER] == 5
    assert whole.counts[OTHER] == 6
    assert len(whole.counts) == len(whole.first_tracebacks) == MOST_KINDS + 1
