"""Set-up, tear-down, a user's start and stop, and how a script ends an iteration or the run."""

import textwrap

import pytest

from surgeline.errors import ExitCode, ScriptError
from surgeline.run import RunOptions, run_plan
from surgeline.script.load import load_script
from surgeline.script.plan import Overrides, apply_overrides

IMPORTS = """
import asyncio
from surgeline import *
events = []
calls = Counter("calls")
"""


@pytest.fixture
def run(tmp_path):
    """Run a script in this process; return its report, its messages, and what it noted in `events`."""

    def run(text, overrides=None, **options):
        path = tmp_path / "script.py"
        path.write_text(IMPORTS + textwrap.dedent(text))
        plan = apply_overrides(load_script(path), overrides or Overrides())
        messages = []
        report = run_plan(plan, RunOptions(messages.append, lambda _: None, **options))
        return report, messages, plan.scenarios[0].function.__globals__["events"]

    return run


def count(report, name, tags=None):
    value = report.result.metrics.value(name, tags)
    return 0 if value is None else value.stat("count")


def test_the_order_of_everything(run):
    report, messages, events = run("""
        @setup
        def prepare():
            events.append("setup")
            return 1

        @setup(scenario="one")
        async def prepare_one(vu):
            events.append(f"setup of {vu.scenario} finds {vu.data}")
            return vu.data + 1

        @vu_start
        async def begin(vu):
            events.append(f"start of {vu.scenario} {vu.number} has {vu.data}")
            calls.add()

        @vu_stop
        def end(vu):
            events.append(f"stop of {vu.scenario} {vu.number}")

        @vu_stop(scenario="two")
        def end_two():
            events.append("stop of two, its own")

        @scenario(shared_iterations(vus=1, iterations=2))
        async def one(vu):
            events.append(f"one, iteration {vu.iteration}, has {vu.data}")

        @scenario(shared_iterations(), start_time=0.02)
        async def two(vu):
            events.append(f"two has {vu.data}")

        @teardown(scenario="one")
        def after_one(vu):
            events.append(f"teardown of {vu.scenario} finds {vu.data}")

        @teardown
        async def after(vu):
            events.append(f"teardown finds {vu.data}")
    """)
    assert (messages, report.exit_code) == ([], ExitCode.PASSED)
    of_two = [event for event in events if "two" in event]
    assert of_two == ["start of two 1 has 1", "two has 1", "stop of two, its own"]
    assert [event for event in events if event not in of_two] == [
        "setup",
        "setup of one finds 1",
        "start of one 1 has 2",
        "one, iteration 0, has 2",
        "one, iteration 1, has 2",
        "stop of one 1",
        "teardown of one finds 2",
        "teardown finds 1",
    ]
    assert events[:2] + events[-2:] == [event for event in events if event.startswith(("setup", "teardown"))]
    assert count(report, "calls", {"group": "::vu_start", "scenario": "one"}) == 1
    assert report.result.metrics.value("group_duration", {"group": "::vu_start"}).stat("count") == 2


def test_users_made_on_demand_start_too(run):
    report, _, events = run("""
        @vu_start
        async def begin(vu):
            await vu.sleep(0.02)
            events.append(vu.id)

        @scenario(constant_arrival_rate(rate=100, duration=0.1, pre_allocated_vus=1))
        async def s(vu):
            assert vu.id in events
            await vu.sleep(0.05)
    """)
    assert not report.result.iteration_errors
    assert count(report, "iterations") == 10
    assert events == sorted(set(events))
    assert len(events) > 1


def test_a_start_that_raises_ends_the_run(run):
    report, _, events = run("""
        @vu_start
        def begin(vu):
            if vu.number == 2:
                raise ValueError("no such user")

        @scenario(constant_vus(vus=2, duration="60s"))
        async def s(vu):
            await vu.sleep(1000)

        @teardown
        def after():
            events.append("teardown")
    """)
    assert report.exit_code is ExitCode.SETUP_FAILED
    assert str(report.error).startswith("@vu_start raised.")
    assert "no such user" in str(report.error)
    assert events == ["teardown"]
    assert count(report, "interrupted_iterations") == 1


ABORT = """
    @scenario(constant_arrival_rate(rate=1000, duration="60s"))
    async def s(vu):
        try:
            await vu.sleep(0.001)
            if vu.scenario_iteration == 20:
                abort("the stock is empty")
            await vu.sleep(1000)
        except Exception:
            events.append("no `except Exception` keeps it")

    @teardown
    def after():
        events.append("teardown")
"""


def test_abort_ends_the_run_at_once(run):
    report, _, events = run(ABORT)
    assert report.exit_code is ExitCode.ABORTED
    assert str(report.error) == "the stock is empty"
    assert events == ["teardown"]
    started = count(report, "iterations") + count(report, "interrupted_iterations")
    assert 21 <= started < 10_000
    assert started + count(report, "dropped_iterations") == 60_000
    assert "the run was aborted: the stock is empty" in report.result.verdict.reasons


def test_abort_in_set_up(run):
    report, _, _ = run("""
        @setup
        def prepare():
            abort("nothing to test")

        @scenario(shared_iterations())
        async def s(vu): ...
    """)
    assert (report.result, report.exit_code, str(report.error)) == (None, ExitCode.ABORTED, "nothing to test")


def test_abort_in_a_task_of_the_iteration(run):
    report, _, _ = run("""
        async def part():
            abort("from within")

        @scenario(constant_vus(duration="60s"))
        async def s(vu):
            await asyncio.gather(part(), vu.sleep(1000))
    """)
    assert (report.exit_code, str(report.error)) == (ExitCode.ABORTED, "from within")


@pytest.mark.parametrize("how", ["task_group", "forgotten"])
def test_abort_in_a_task_whose_exception_nobody_passes_on(run, how):
    report, messages, _ = run(f"""
        async def part():
            abort("from within")

        @scenario(constant_vus(vus=2, duration="60s"))
        async def s(vu):
            if "{how}" == "forgotten":
                vu.task = asyncio.create_task(part())
                await vu.sleep(1000)
            async with asyncio.TaskGroup() as group:
                group.create_task(part())
                await vu.sleep(1000)
    """)
    assert (report.exit_code, str(report.error)) == (ExitCode.ABORTED, "from within")
    assert (messages, report.result.iteration_errors) == ([], ())


def test_a_start_that_awaits_what_was_cancelled(run):
    report, _, _ = run("""
        @vu_start
        async def begin(vu):
            task = asyncio.create_task(asyncio.sleep(1000))
            task.cancel()
            await task

        @scenario(constant_vus(vus=2, duration="60s"))
        async def s(vu): ...
    """)
    assert report.exit_code is ExitCode.SETUP_FAILED
    assert "CancelledError" in str(report.error)


def test_a_threshold_that_fails_at_the_very_end_ends_nothing(run):
    report, _, _ = run("""
        thresholds({"calls": [{"threshold": "count<2", "abort_on_fail": True}]})

        @scenario(shared_iterations(iterations=2))
        async def s(vu):
            calls.add()
    """)
    assert report.exit_code is ExitCode.THRESHOLDS_FAILED
    assert not any("aborted" in reason for reason in report.result.verdict.reasons)


def test_fail_ends_the_iteration_alone(run):
    report, messages, _ = run("""
        @scenario(shared_iterations(iterations=3))
        async def s(vu):
            if vu.iteration == 1:
                fail("no items")
            calls.add()
    """)
    assert report.exit_code is ExitCode.PASSED
    assert [count(report, name) for name in ("iterations", "iteration_errors", "calls")] == [3, 1, 2]
    assert "IterationFailed: no items" in messages[0]


@pytest.mark.parametrize(
    ("condition", "iterations", "code"),
    [
        ('{"threshold": "count<5", "abort_on_fail": True}', 6000, ExitCode.THRESHOLDS_FAILED),
        ('{"threshold": "count>0", "abort_on_fail": True}', 13, ExitCode.PASSED),
    ],
)
def test_a_threshold_ends_the_run(run, condition, iterations, code):
    report, _, events = run(f"""
        thresholds({{"calls": [{condition}]}})

        @scenario(shared_iterations(iterations={iterations}))
        async def s(vu):
            calls.add()
            await vu.sleep(0.1)

        @teardown
        def after():
            events.append("teardown")
    """)
    assert report.exit_code is code
    assert events == ["teardown"]
    done = sum(count(report, name) for name in ("iterations", "interrupted_iterations"))
    assert done == 13 if code is ExitCode.PASSED else 5 <= done < 6000
    assert done + count(report, "dropped_iterations") == iterations


def test_a_target_ends_where_the_run_was_stopped(run):
    """The half second that the last iteration then takes, in which nothing was to start, does not count."""
    report, _, _ = run("""
        import os, signal
        thresholds({"iterations": "rate>=0.5 of target"})

        @scenario(constant_arrival_rate(rate=100, duration="60s"))
        async def s(vu):
            if vu.scenario_iteration == 30:
                os.kill(os.getpid(), signal.SIGINT)
                await vu.sleep(0.5)
    """)
    (result,) = report.result.thresholds
    assert result.ok
    assert report.exit_code is ExitCode.STOPPED_BY_SIGNAL


def test_tear_down_after_an_abort_has_its_time_limit(run):
    report, _, _ = run(
        """
        @scenario(shared_iterations())
        async def s(vu):
            abort("x")

        @teardown
        async def after(vu):
            await vu.sleep(1000)
        """,
        teardown_timeout_ns=10_000_000,
    )
    assert report.exit_code is ExitCode.ABORTED
    assert report.result is not None


def test_facts_of_an_iteration(run):
    report, _, events = run("""
        import signal

        @scenario(ramping_vus(start_vus=1, stages=[(0.3, 1), (600, 1)]), tags={"kind": "x"}, env={"WHERE": "here"})
        async def s(vu):
            events.append((vu.id, vu.number, vu.iteration, vu.scenario_iteration, vu.stage, env("WHERE", "nowhere")))
            assert 0 <= vu.elapsed < 300
            assert vu.tags["kind"] == "x"
            if vu.stage == 1:
                signal.raise_signal(signal.SIGINT)
            await vu.sleep(0.01)
    """)
    assert not report.result.iteration_errors
    assert [event[2] for event in events] == [event[3] for event in events] == list(range(len(events)))
    assert {event[4] for event in events} == {0, 1}
    assert {(first, second, where) for first, second, *_, where in events} == {(1, 1, "here")}


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        ('@setup(scenario="t")\ndef f(): ...', "script.py:7: @setup(scenario=...): expected one of s, found 't'"),
        ("@vu_start\ndef f(a, b): ...", "@vu_start: expected a function of no parameter or of one, the virtual user"),
        ("@setup\ndef f(): ...\n@setup\ndef g(): ...", "@setup: expected one function, found a second: g"),
        (
            "@scenario(constant_arrival_rate(rate=1, duration=1), pacing=1)\nasync def t(vu): ...",
            "pacing: expected none where a rate says when iterations start, found 1",
        ),
        ("constant_arrival_rate(rate=0.5, duration=1)", 'a longer time_unit makes it one: rate=30, time_unit="1m"'),
        ("vu_stop(5)", "@vu_stop: expected a function, found 5"),
        ("@setup()\ndef f(): ...", "@setup: expected a function, found None"),
        ('Counter("http_reqs")', "metric: expected a name of its own, found 'http_reqs', which is built in"),
        ('Counter("a b")', "metric: expected a name of letters, digits and _ (at most 128), found 'a b'"),
        ('Rate("calls")', "metric 'calls': expected one type and unit, found it as a counter before"),
        ('thresholds({"call": "count>1"})', 'did you mean "calls"?'),
        ('thresholds({"calls{scenario:t}": "count>1"})', 'expected a scenario of the plan: s, found "t"'),
    ],
)
def test_refused(tmp_path, hook, message):
    path = tmp_path / "script.py"
    path.write_text(f"{IMPORTS}\n{hook}\n@scenario(shared_iterations())\nasync def s(vu): ...\n")
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    assert message in str(caught.value)


def test_a_threshold_of_a_scenario_that_was_not_selected_is_left_out(run):
    text = """
        thresholds({"iterations{scenario:one}": "count==1", "iterations{scenario:two}": "count==5"})

        @scenario(shared_iterations())
        async def one(vu): ...

        @scenario(shared_iterations())
        async def two(vu): ...
    """
    report, _, _ = run(text, Overrides(scenarios=("one",)))
    assert (len(report.result.thresholds), report.exit_code) == (1, ExitCode.PASSED)


def test_a_forgotten_await_is_named_once(run):
    _, messages, _ = run("""
        @scenario(shared_iterations(iterations=3))
        async def s(vu):
            vu.sleep(0.001)
            await asyncio.gather(vu.sleep(0.4), asyncio.wait_for(vu.sleep(0.1), 60))
    """)
    assert [message.partition(":")[0] for message in messages] == [
        "The script starts requests or sleeps that it does not wait for"
    ]


def test_what_a_script_keeps_on_a_user_stays_there(run):
    _, _, events = run("""
        @vu_start
        def log_in(vu):
            vu.token = f"token of {vu.number}"

        @scenario(per_vu_iterations(vus=2, iterations=2))
        async def s(vu):
            events.append(vu.token)
    """)
    assert sorted(events) == ["token of 1"] * 2 + ["token of 2"] * 2


def test_think_without_a_distribution(run):
    report, _, _ = run("""
        @scenario(shared_iterations())
        async def s(vu):
            await vu.think(1)
    """)
    assert "expected constant(...), uniform(...) or exponential(...), found 1" in report.result.iteration_errors[0].kind


def test_set_up_is_cancelled_by_a_stop(run):
    report, _, _ = run("""
        import os, signal

        @setup
        async def prepare(vu):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(1000)

        @scenario(shared_iterations())
        async def s(vu): ...
    """)
    assert (report.result, report.exit_code) == (None, ExitCode.STOPPED_BY_SIGNAL)
