"""Groups, tags of a virtual user, and metrics of a script's own: which series a sample goes to."""

import asyncio
import weakref

import pytest
from engine_support import SECOND, run_scenarios

from surgeline import Counter, Gauge, Rate, Trend, check
from surgeline.engine.executors import SharedIterations
from surgeline.engine.scenario import Scenario
from surgeline.engine.scope import Scope, current_scope, group
from surgeline.metrics.registry import Registry

EVENTS = Counter("events")


def run(function, iterations=1, **options):
    ran = run_scenarios(Scenario("s", function, SharedIterations(1, iterations, 60 * SECOND), **options))
    assert not ran.messages
    return ran


def tags_of(ran, name):
    """The tags of each series of a metric but those of the scenario, with its count."""
    registry = ran.execution.context.registry
    return [
        ({tag: value for tag, value in series.tags.items() if tag != "scenario"}, int(series.cell.total))
        for series in registry.select(name)
    ]


def test_groups_nest_and_end():
    async def iteration(vu):
        EVENTS.add()
        with vu.group("outer"):
            EVENTS.add()
            with vu.group("inner"):
                EVENTS.add(2)
            EVENTS.add()
        EVENTS.add()

    ran = run(iteration, 3)
    assert tags_of(ran, "events") == [({}, 6), ({"group": "::outer"}, 6), ({"group": "::outer::inner"}, 6)]
    for path in ("::outer", "::outer::inner"):
        assert ran.value("group_duration", {"group": path}).stat("count") == 3


def test_tasks_side_by_side_are_each_in_their_own_group():
    async def part(vu, name):
        with vu.group(name):
            await vu.sleep(0.005)
            EVENTS.add()

    async def iteration(vu):
        with vu.group("page"):
            await asyncio.gather(part(vu, "a"), part(vu, "b"))
            EVENTS.add()

    groups = {tags["group"]: count for tags, count in tags_of(run(iteration), "events")}
    assert groups == {"::page::a": 1, "::page::b": 1, "::page": 1}


def test_a_group_that_raises_has_a_duration_and_ends():
    async def iteration(vu):
        with pytest.raises(ZeroDivisionError), vu.group("g"):
            1 / 0  # noqa: B018
        EVENTS.add()

    ran = run(iteration)
    assert tags_of(ran, "events") == [({}, 1)]
    assert ran.value("group_duration").stat("count") == 1


def test_tags_of_a_user_stay_from_then_on():
    async def iteration(vu):
        EVENTS.add()
        vu.tags["kind"] = "gold"
        EVENTS.add()
        assert dict(vu.tags) == {"scenario": "s", "kind": "gold"}

    ran = run(iteration, 2)
    assert tags_of(ran, "events") == [({}, 1), ({"kind": "gold"}, 3)]


def test_tags_set_within_a_group_and_tags_of_a_group():
    async def iteration(vu):
        with vu.group("g", tags={"page": "home"}):
            vu.tags["kind"] = "gold"
            EVENTS.add()
        EVENTS.add()
        del vu.tags["kind"]
        EVENTS.add()
        with pytest.raises(KeyError):
            del vu.tags["kind"]

    series = tags_of(run(iteration), "events")
    assert series == [({"group": "::g", "page": "home", "kind": "gold"}, 1), ({"kind": "gold"}, 1), ({}, 1)]


def test_checks_and_metrics_with_tags_of_their_own():
    async def iteration(vu):
        with vu.group("g"):
            check(1, {"one": lambda value: value == 1, "two": False}, {"part": "x"})
            check(1, {"one": True})
            EVENTS.add(tags={"part": "y"})

    registry = run(iteration).execution.context.registry
    checks = [dict(series.tags) for series in registry.select("checks")]
    common = {"scenario": "s", "group": "::g"}
    assert checks == [
        {**common, "part": "x", "check": "one"},
        {**common, "part": "x", "check": "two"},
        {**common, "check": "one"},
    ]
    assert registry.count("events", {"part": "y", "group": "::g"}) == 1


def test_metrics_of_each_type():
    gauge, rate, trend = Gauge("queue"), Rate("hits"), Trend("size", unit="B")
    milliseconds, plain = Trend("took", unit="ms"), Trend("score")

    async def iteration(vu):
        for number in (1, 2, 3.5):
            gauge.add(number - 3)
            rate.add(number > 1)
            trend.add(number)
            milliseconds.add(number)
            plain.add(number)

    ran = run(iteration)
    assert [ran.value("queue").stat(word) for word in ("value", "min", "max")] == [0.5, -2, 0.5]
    assert ran.value("hits").stat("rate") == pytest.approx(2 / 3)
    for name, highest in (("took", 3.5), ("score", 3.5), ("size", 4)):  # bytes are whole
        assert ran.value(name).stat("max") == highest
        assert ran.value(name).stat("med") == pytest.approx(2, rel=0.0005)
    assert ran.value("took").stat("avg") == pytest.approx(6.5 / 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: EVENTS.add(-1), "events: expected a number from 0 up, found -1"),
        (lambda: EVENTS.add(float("nan")), "events: expected a number from 0 up, found nan"),
        (lambda: EVENTS.add("1"), "events: expected a number from 0 up, found '1'"),
        (lambda: Gauge("g").add(float("inf")), "g: expected a finite number, found inf"),
        (lambda: Trend("t").add(-0.5), "t: expected a number from 0 to 1e+12, found -0.5"),
        (lambda: Trend("t").add(2e12), "t: expected a number from 0 to 1e+12, found 2000000000000.0"),
    ],
)
def test_values_that_are_none(call, message):
    async def iteration(vu):
        with pytest.raises(ValueError, match="expected") as caught:
            call()
        assert str(caught.value) == message

    run(iteration)


def _tagged(vu, tag):
    vu.tags[tag] = "x"


def _grouped(vu, tag):
    with vu.group("g", tags={tag: "x"}):
        pass


PLACE = ["scenario", "group"]
REQUEST = ["check", "method", "status", "error", "error_code", "expected_response", "proto", "tls_version", "url"]


@pytest.mark.parametrize(
    ("give", "tag", "where"),
    [
        *((_tagged, tag, "vu.tags") for tag in PLACE + REQUEST),
        *((_grouped, tag, "group: tags") for tag in PLACE + REQUEST),
        *((lambda _, tag: check(1, {"a": True}, {tag: "x"}), tag, "tags") for tag in PLACE),
        *((lambda _, tag: EVENTS.add(tags={tag: "x"}), tag, "tags") for tag in PLACE),
    ],
)
def test_tags_that_are_reserved(give, tag, where):
    async def iteration(vu):
        with pytest.raises(ValueError, match="expected a tag") as caught:
            give(vu, tag)
        assert str(caught.value) == f"{where}: expected a tag of your own, found {tag!r}, which surgeline sets itself"
        EVENTS.add()

    assert tags_of(run(iteration), "events") == [({}, 1)]


def test_tags_of_requests_on_metrics_of_ones_own():
    async def iteration(vu):
        EVENTS.add(tags={"status": "paid", "name": "x"})

    assert tags_of(run(iteration), "events") == [({"status": "paid", "name": "x"}, 1)]


@pytest.mark.parametrize("name", ["", "a::b", 5, None])
def test_names_that_are_none(name):
    async def iteration(vu):
        with pytest.raises(ValueError, match="group: expected a name"), vu.group(name):
            pass

    run(iteration)


@pytest.mark.parametrize("use", [EVENTS.add, lambda: check(1, {"a": True}), lambda: group("g").__enter__()])
def test_where_no_user_runs(use):
    with pytest.raises(RuntimeError, match="belongs in a scenario, set-up or tear-down"):
        use()


def test_scopes_are_interned():
    scope = Scope(Registry(), {"scenario": "s"})
    assert scope.with_group("::a").with_own({"b": "1"}) is scope.with_own({"b": "1"}).with_group("::a")
    assert scope.with_group("::a").with_group("") is scope
    assert current_scope.get() is None


def test_a_tag_without_end_keeps_no_scope_for_each_value(monkeypatch):
    monkeypatch.setattr("surgeline.engine.scope.MOST_SCOPES", 5)
    monkeypatch.setattr("surgeline.engine.scope.MOST_CELLS", 5)
    scopes = weakref.WeakSet()

    async def iteration(vu):
        vu.tags["id"] = str(vu.iteration)
        with vu.group("g"):
            check(1, {f"check {number}": True for number in range(20)})
            scopes.add(current_scope.get())

    ran = run(iteration, 50)
    assert len(scopes) <= 6
    assert ran.value("checks").stat("passes") == 1000


def test_tags_of_a_group_give_the_users_own_back():
    async def iteration(vu):
        vu.tags["a"] = "mine"
        with vu.group("g", tags={"a": "of the group", "b": "of the group"}):
            vu.tags["x"] = "1"
            assert (vu.tags["a"], vu.tags["x"]) == ("of the group", "1")
        assert dict(vu.tags) == {"scenario": "s", "a": "mine", "x": "1"}
        vu.tags.clear()
        assert dict(vu.tags) == {"scenario": "s"}

    assert not run(iteration).execution.runs[0].errors.counts
