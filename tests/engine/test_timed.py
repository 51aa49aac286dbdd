"""`vu.timed`: what an operation counts as, however its block ends, and under which tags."""

import asyncio
import sys
from dataclasses import dataclass, field

import pytest
from engine_support import SECOND, run_scenarios

from surgeline import abort, fail
from surgeline.engine import timed
from surgeline.engine.executors import SharedIterations
from surgeline.engine.scenario import Scenario
from surgeline.engine.scope import Scope, current_scope
from surgeline.engine.timed import Timing
from surgeline.engine.vu import VirtualUser
from surgeline.judge.evaluate import evaluate
from surgeline.judge.grammar import parse_thresholds
from surgeline.metrics.names import BUILTIN
from surgeline.metrics.registry import Registry

METRICS = ("operations", "operation_failed", "operation_duration", "operation_response_time")


@dataclass
class User:
    """The state of a virtual user whose iteration started late."""

    lateness_ns: int = 70
    interrupted: bool = False
    abandoned: int = 0
    connect_failures: int = 0


@dataclass
class Lab:
    """Operations of one user, by a clock that stands still unless it is moved."""

    user: User = field(default_factory=User)
    registry: Registry = field(default_factory=Registry)
    now: int = 1_000

    def __post_init__(self):
        self.scope = Scope(self.registry, {"scenario": "s"})

    def timed(self, name, tags=None):
        return Timing(self.user, self.scope, name, tags)

    def sums(self):
        """The tags of each series but those of the scenario: operations, (failed, of), [duration, response time]."""
        self.registry.rotate()
        found = {}
        for metric in METRICS:
            for series in self.registry.select(metric):
                tags = tuple(sorted((tag, value) for tag, value in series.tags.items() if tag != "scenario"))
                found.setdefault(tags, {})[metric] = series.cell
        return {tags: _sums(cells) for tags, cells in found.items()}


def _sums(cells):
    operations, failed, duration, response_time = (cells[metric] for metric in METRICS)
    assert operations.total == failed.count == duration.total.count == response_time.total.count
    return int(operations.total), failed.passes, [duration.total.sum, response_time.total.sum]


def named(name, error=""):
    return (("error", error), ("name", name)) if error else (("name", name),)


@pytest.fixture
def lab(monkeypatch):
    lab = Lab()
    monkeypatch.setattr(timed, "now_ns", lambda: lab.now)
    return lab


def test_a_block_is_timed_from_its_start_and_from_when_its_iteration_should_have_started(lab):
    for nanoseconds in (30, 5):
        with lab.timed("query"):
            lab.now += nanoseconds

    assert lab.sums() == {named("query"): (2, 0, [35, 35 + 2 * 70])}


def test_lateness_is_that_of_the_iteration_in_which_the_block_began(lab):
    with lab.timed("query"):
        lab.user.lateness_ns = 9_000
        lab.now += 30

    assert lab.sums() == {named("query"): (1, 0, [30, 100])}


def test_an_async_block_is_counted_as_a_plain_one_is(lab):
    async def scene():
        async with lab.timed("query") as timing:
            lab.now += 30
            timing.fail("slow")
        async with lab.timed("query"):
            lab.now += 4
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(scene())
    assert lab.sums() == {named("query", "slow"): (1, 1, [30, 100]), named("query", "KeyError"): (1, 1, [4, 74])}


class RefusedError(ConnectionError):
    """A library's own."""


def spend(lab, nanoseconds, error):
    lab.now += nanoseconds
    raise error


@pytest.mark.parametrize("error", [RefusedError("no"), SystemExit(3), ExceptionGroup("both", [ValueError()])])
def test_what_raises_has_failed_and_raises_on(lab, error):
    with pytest.raises(type(error)) as raised, lab.timed("query"):
        spend(lab, 30, error)

    assert raised.value is error
    assert lab.sums() == {named("query", type(error).__name__): (1, 1, [30, 100])}
    assert lab.user.abandoned == 0


def test_the_last_reason_counts_and_an_exception_changes_none(lab):
    def query():
        with lab.timed("query") as timing:
            timing.fail("first")
            timing.fail("  rejected\n")
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        query()

    assert list(lab.sums()) == [named("query", "rejected")]


def test_a_long_reason_is_cut(lab):
    with lab.timed("query") as timing:
        timing.fail("x" * 201)

    assert list(lab.sums()) == [named("query", "x" * 200)]


def test_blocks_nest_and_each_has_its_own_time(lab):
    with lab.timed("outer"):
        lab.now += 1
        with lab.timed("inner"):
            lab.now += 10
        with pytest.raises(ValueError, match="no"), lab.timed("inner"):
            spend(lab, 100, ValueError("no"))
        lab.now += 1_000

    assert lab.sums() == {
        named("inner"): (1, 0, [10, 80]),
        named("inner", "ValueError"): (1, 1, [100, 170]),
        named("outer"): (1, 0, [1_111, 1_181]),
    }


@pytest.mark.parametrize("error", [asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("interrupted", [True, False])
def test_a_cancellation_counts_as_abandoned_where_it_is_the_runs_own(lab, error, interrupted):
    def query():
        with lab.timed("query"), lab.timed("inner") as timing:
            timing.fail("too early to say")
            lab.user.interrupted = interrupted
            raise error

    with pytest.raises(error):
        query()
    assert lab.user.abandoned == (2 if interrupted else 0)
    expected = set() if interrupted else {named("query", error.__name__), named("inner", "too early to say")}
    assert set(lab.sums()) == expected


def test_who_is_interrupted_may_still_end_in_order(lab):
    lab.user.interrupted = True
    with lab.timed("log-out"):
        pass
    with pytest.raises(OSError, match="gone"), lab.timed("log-out"):
        raise OSError("gone")

    assert set(lab.sums()) == {named("log-out"), named("log-out", "OSError")}
    assert lab.user.abandoned == 0


def test_tags_are_those_of_the_place_and_of_the_call(lab):
    lab.scope = lab.scope.with_group("::checkout").with_own({"plan": "gold", "name": "of the user", "shard": "0"})
    for shard in (3, "3"):
        with lab.timed("query", tags={"shard": shard, "kind": "read"}):
            pass
    with lab.timed("query", tags={}):
        pass

    common = (("group", "::checkout"), ("name", "query"), ("plan", "gold"))
    tags = [tuple(sorted((*common, *more))) for more in ([("kind", "read"), ("shard", "3")], [("shard", "0")])]
    assert {key: value[0] for key, value in lab.sums().items()} == dict(zip(tags, (2, 1), strict=True))


WRONG = [
    (("",), r"timed: expected a name such as 'place-order', found ''"),
    ((None,), r"timed: expected a name such as 'place-order', found None"),
    (("q", {"name": "x"}), r"timed: tags: expected a tag of your own, found 'name', which surgeline sets itself"),
    (("q", {"error": "x"}), r"timed: tags: .* found 'error'"),
    (("q", {"scenario": "x"}), r"timed: tags: .* found 'scenario'"),
    (("q", {"method": "x"}), r"timed: tags: .* found 'method'"),
    (("q", "shard"), r"timed: expected tags as a mapping such as \{\"shard\": \"3\"\}, found 'shard'"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_bad_names_and_tags_are_refused_before_the_block_begins(lab, arguments, message):
    with pytest.raises(ValueError, match=message):
        lab.timed(*arguments)


@pytest.mark.parametrize("reason", ["", " \n", None, ValueError("x")])
def test_a_reason_that_says_nothing_is_refused(lab, reason):
    with lab.timed("query") as timing, pytest.raises(ValueError, match=r"timing\.fail: expected a reason such as"):
        timing.fail(reason)


def test_a_timing_is_for_one_block(lab):
    timing = lab.timed("query")
    with pytest.raises(RuntimeError, match="expected it inside of the block of 'query', found it outside"):
        timing.fail("early")
    with timing:
        with pytest.raises(RuntimeError, match=r"expected a vu\.timed\(\) for each block, found 'query' a second time"):
            timing.__enter__()
        lab.now += 1
    with pytest.raises(RuntimeError, match="found it outside"):
        timing.fail("late")
    with pytest.raises(RuntimeError, match="a second time"):
        timing.__enter__()

    assert lab.sums() == {named("query"): (1, 0, [1, 71])}


def test_names_without_end_are_all_counted_and_not_all_kept(lab, monkeypatch):
    monkeypatch.setattr(timed, "MOST_SERIES", 5)
    for number in range(23):
        for _ in range(2):
            with lab.timed(f"query {number}"):
                pass

    assert {value[0] for value in lab.sums().values()} == {2}
    assert len(lab.sums()) == 23
    assert len(lab.scope.clients["operations"]) <= 5


def test_series_are_looked_up_once(lab, monkeypatch):
    asked = []
    real = lab.registry.cell
    monkeypatch.setattr(lab.registry, "cell", lambda *arguments: asked.append(arguments) or real(*arguments))
    for _ in range(10):
        with lab.timed("query"):
            pass
        with lab.timed("query", tags={"shard": "3"}):
            pass

    assert len(asked) == 2 * len(METRICS)


THRESHOLDS = [
    ("operation_duration{name:query}", "p(95)<50", True),
    ("operation_duration{name:query}", "p(95)<30", False),
    ('operation_duration{name:query,error:""}', "max<41", True),
    ("operation_failed{name:query}", "rate<0.5", False),
    ("operation_failed{name:query}", "count<=1", True),
    ("operations", "count==3", True),
    ("operation_response_time{name:other}", "med==10", True),
]


@pytest.mark.parametrize(("selector", "condition", "holds"), THRESHOLDS)
def test_thresholds_are_those_of_any_metric(lab, selector, condition, holds):
    lab.user.lateness_ns = 0
    with lab.timed("query"):
        lab.now += 40_000_000
    with lab.timed("query") as timing:
        lab.now += 44_000_000
        timing.fail("rejected")
    with lab.timed("other"):
        lab.now += 10_000_000
    lab.registry.rotate()

    (threshold,) = parse_thresholds({selector: condition}, BUILTIN)
    measured = lab.registry.value(threshold.selector.metric, dict(threshold.selector.tags))
    assert evaluate(threshold, measured).ok is holds


def test_where_no_virtual_user_runs():
    assert current_scope.get() is None
    user = VirtualUser.__new__(VirtualUser)
    with pytest.raises(RuntimeError, match=r"vu\.timed\(\) belongs in a scenario, .* no virtual user is running here"):
        user.timed("query")


def run(function, vus=1, iterations=1, **options):
    graceful_stop_ns = options.pop("graceful_stop_ns", 60 * SECOND)
    scenario = Scenario("s", function, SharedIterations(vus, iterations, 60 * SECOND), 0, graceful_stop_ns)
    return run_scenarios(scenario, **options)


def ways(ran):
    """How many operations there were, by name and error."""
    by_tag = ran.execution.context.registry.by_tag("operations", "name", "error")
    return {key: int(value.stat("count")) for key, value in by_tag.items()}


def test_in_a_scenario_with_groups_and_tags_of_the_user():
    async def iteration(vu):
        vu.tags["plan"] = "gold"
        with vu.group("checkout"):
            async with vu.timed("place-order", tags={"kind": "card"}):
                await vu.sleep(0)

    ran = run(iteration, iterations=3)
    tags = {"scenario": "s", "group": "::checkout", "plan": "gold", "name": "place-order", "kind": "card"}
    for name in METRICS:
        (series,) = ran.execution.context.registry.select(name)
        assert series.tags == tags
    assert ran.count("operations") == 3
    took, waited = (ran.value(name) for name in METRICS[2:])
    assert waited.stat("min") >= took.stat("min") >= 0


def test_side_by_side_in_tasks():
    async def one(vu, name, error=None):
        async with vu.timed(name):
            await asyncio.sleep(0)
            if error:
                raise error

    async def iteration(vu):
        await asyncio.gather(one(vu, "a"), one(vu, "a"), one(vu, "b"), one(vu, "b", OSError()), return_exceptions=True)

    assert ways(run(iteration)) == {("a", ""): 2, ("b", ""): 1, ("b", "OSError"): 1}


def test_cancellations_that_are_the_scripts_own_are_failures():
    async def wait_for_ever(vu, name):
        async with vu.timed(name):
            await asyncio.Event().wait()

    async def iteration(vu):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await wait_for_ever(vu, "outside")
        with pytest.raises(TimeoutError):
            async with vu.timed("inside"), asyncio.timeout(0):
                await asyncio.Event().wait()
        task = asyncio.create_task(wait_for_ever(vu, "task"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    ran = run(iteration)
    assert ran.count("iterations") == 1
    assert ran.messages == []
    assert ways(ran) == {
        ("outside", "CancelledError"): 1,
        ("inside", "TimeoutError"): 1,
        ("task", "CancelledError"): 1,
    }
    assert ran.execution.health().abandoned_requests == 0


def test_what_the_run_interrupts_is_abandoned():
    waiting, all_wait = [], asyncio.Event()

    async def wait_for_ever(vu, name):
        async with vu.timed(name):
            waiting.append(name)
            if len(waiting) == 4:
                all_wait.set()
            await asyncio.Event().wait()

    async def iteration(vu):
        with vu.timed("quick"):
            pass
        async with vu.timed("outer"):
            await asyncio.gather(wait_for_ever(vu, "a"), wait_for_ever(vu, "b"))

    async def stop(_execution):
        await all_wait.wait()

    ran = run(iteration, 2, 2, graceful_stop_ns=0, stop_when=stop)
    assert ran.count("interrupted_iterations") == 2
    assert ways(ran) == {("quick", ""): 2}
    assert ran.execution.health().abandoned_requests == 2 * 3


@pytest.mark.parametrize("how", ["at once", "through a task group"])
def test_what_ends_the_run_is_no_failure_of_the_operation(how):
    async def end():
        abort("enough")

    async def iteration(vu):
        async with vu.timed("query"):
            if how == "at once":
                await end()
            async with asyncio.TaskGroup() as group:
                group.create_task(end())

    ran = run(iteration)
    assert ran.execution.context.abort.reason == "enough"
    assert ways(ran) == {}
    assert ran.execution.health().abandoned_requests == 1


def test_what_ends_the_iteration_is_a_failure_of_the_operation():
    async def iteration(vu):
        with vu.timed("query"):
            if vu.iteration == 0:
                fail("wrong")
            sys.exit(3)

    ran = run(iteration, iterations=2)
    assert ran.count("iteration_errors") == 2
    assert ways(ran) == {("query", "IterationFailed"): 1, ("query", "SystemExit"): 1}


def test_a_mistake_is_told_at_the_scripts_own_line():
    async def iteration(vu):
        async with vu.timed(""):
            pass

    ran = run(iteration)
    (kind,) = ran.runs[0].errors.counts
    assert kind.startswith("ValueError: timed: expected a name such as 'place-order', found '' (")
    assert f"{__file__}:" in kind
