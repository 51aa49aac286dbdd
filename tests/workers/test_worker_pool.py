"""The load of a run by several processes: the same run as by one, and what becomes of it when one of them is lost."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from workers_support import read_notes, run_script, write_script

import surgeline
from healthy_generator import COMMAND
from surgeline.errors import ExitCode, ScriptError
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.registry import SETUP, TEARDOWN, Registry
from surgeline.outputs.output import parse_outputs
from surgeline.schedule.constant_rate import ConstantRate
from surgeline.schedule.poisson import PoissonArrivals
from surgeline.schedule.share import Share
from surgeline.workers import pool
from surgeline.workers.health import combined_health

DRAWS = """
calls, size = Counter("calls"), Trend("size")

@setup
def prepare(vu):
    note("setup")
    return {"base": 10}

@scenario(per_vu_iterations(vus=5, iterations=3))
async def draws(vu):
    drawn = vu.random.randrange(1000)
    note("draws", user=vu.number, id=vu.id, iteration=vu.iteration, k=vu.scenario_iteration, drawn=drawn)
    calls.add(vu.data["base"])
    size.add(drawn)
    check(vu, {"small": drawn < 500})

@teardown
def clean():
    note("teardown")

thresholds({"iterations": "count==15", "calls": "count==150", "vus_max": "max==5"})
"""


def facts(ran):
    return {(note["user"], note["iteration"], note["drawn"]) for note in ran.notes("draws")}


def totals(ran):
    size = ran.result.metrics.value("size")
    return (
        [ran.value(name) for name in ("iterations", "calls")],
        [size.stat(stat) for stat in ("count", "min", "max", "avg", "med", "p(95)")],
        [(check.name, check.value.passes, check.value.fails) for check in ran.result.checks],
        [(result.measured, result.ok) for result in ran.result.thresholds],
    )


def test_several_workers_make_the_run_that_one_makes(tmp_path):
    runs = []
    for workers in (1, 2, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        runs.append(run_script(folder, DRAWS, workers, seed=42))
    alone, two, three = runs
    assert facts(alone) == facts(two) == facts(three)
    assert totals(alone) == totals(two) == totals(three)
    for ran, workers in zip(runs, (1, 2, 3), strict=True):
        assert ran.report.exit_code is ExitCode.PASSED
        assert ran.messages == []
        assert len({note["pid"] for note in ran.notes("draws")}) == workers
        assert sorted({note["id"] for note in ran.notes("draws")}) == [1, 2, 3, 4, 5]
        assert len({note["k"] for note in ran.notes("draws")}) == 15
        assert [note["pid"] for note in ran.notes("setup") + ran.notes("teardown")] == [os.getpid()] * 2


STARTS = """
@scenario(constant_arrival_rate(rate=200, duration="0.5s", arrivals={arrivals!r}))
async def starts(vu):
    note("starts", k=vu.scenario_iteration, offset=vu.elapsed * 1e9 - vu.lateness_ns)
"""


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_each_start_of_the_schedule_is_taken_once(tmp_path, arrivals):
    ran = run_script(tmp_path, STARTS.replace("{arrivals!r}", repr(arrivals)), seed=7)
    rate = ConstantRate(200, 10**9, 500_000_000)
    schedule = rate if arrivals == "constant" else PoissonArrivals(rate, "7/starts")
    intended = list(schedule.starts(Share()))
    starts = sorted(ran.notes("starts"), key=lambda note: note["k"])
    assert [note["k"] for note in starts] == list(range(len(intended)))
    assert all(note["offset"] >= due - 1_000_000 for note, due in zip(starts, intended, strict=True))
    assert len({note["pid"] for note in starts}) == 2


class Seconds:
    """A sink that keeps which seconds it was given."""

    def __init__(self):
        self.ended = []

    def start(self, facts):
        pass

    def take(self, second, blocks):
        pass

    def end_second(self, second, seconds):
        self.ended.append((second, seconds))

    def finish(self, result):
        pass


def test_sinks_are_given_the_seconds_of_one_run(tmp_path):
    sink = Seconds()
    run_script(
        tmp_path,
        """
        import asyncio

        tasks = []

        @scenario(per_vu_iterations(vus=2, iterations=1))
        async def uneven(vu):
            tasks.append(asyncio.create_task(asyncio.sleep(60)))
            await vu.sleep(0.2 if vu.number == 1 else 1.1)
        """,
        outputs=[sink],
    )
    first, *load, last = [second for second, _ in sink.ended]
    assert (first, load, last) == (SETUP, list(range(len(load))), TEARDOWN)
    assert len(load) >= 2
    assert sink.ended[0][1] == 0.0
    assert sink.ended[-2][1] == sink.ended[-1][1] > 1.0


def test_more_workers_than_users(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @scenario(shared_iterations(vus=1, iterations=7))
        async def few(vu):
            note("few", k=vu.scenario_iteration)
        """,
        workers=3,
    )
    assert len({note["k"] for note in ran.notes("few")}) == len(ran.notes("few")) == 7
    assert (ran.value("iterations"), ran.value("dropped_iterations")) == (7, 0)


def test_each_scenario_has_its_own_data(tmp_path):
    ran = run_script(
        tmp_path,
        """
        from dataclasses import dataclass

        @dataclass
        class Token:
            text: str

        @setup
        def run_data():
            return Token("run")

        @setup(scenario="second")
        def own_data(vu):
            return [vu.data, "second"]

        @scenario(per_vu_iterations(vus=2, iterations=1))
        async def first(vu):
            note("first", data=vu.data.text)

        @scenario(per_vu_iterations(vus=2, iterations=1))
        async def second(vu):
            note("second", data=[vu.data[0].text, vu.data[1]])
        """,
    )
    assert [note["data"] for note in ran.notes("first")] == ["run", "run"]
    assert [note["data"] for note in ran.notes("second")] == [["run", "second"]] * 2


KILLED = """
@scenario(constant_arrival_rate(rate=60, duration="3s"), graceful_stop="2s")
async def work(vu):
    note("work", k=vu.scenario_iteration)
    await vu.sleep(0.2)

@scenario(shared_iterations(vus=4, iterations=100), graceful_stop="2s")
async def shared(vu):
    await vu.sleep(0.05)

thresholds({"iterations": "count>0"})
"""


@pytest.mark.parametrize(("number", "how"), [(signal.SIGKILL, "died (signal 9)"), (signal.SIGTERM, "died (signal 15)")])
def test_a_worker_that_is_killed_leaves_an_exact_account_and_no_verdict(tmp_path, number, how):
    def kill(_snapshot):
        work = {note["k"] % 2: note["pid"] for note in read_notes(tmp_path, "work")}
        victims.append(work[1])
        if len(victims) == 1:
            os.kill(work[1], number)

    victims = []
    ran = run_script(tmp_path, KILLED, on_progress=kill)
    counts = {
        name: [int(ran.value(f"{kind}iterations", scenario=name)) for kind in ("", "interrupted_", "dropped_")]
        for name in ("work", "shared")
    }
    assert sum(counts["work"]) == 180
    assert sum(counts["shared"]) == 100
    assert counts["work"][1] > 0
    assert counts["work"][2] > 0
    assert len([note for note in ran.notes("work") if note["pid"] != victims[0]]) == 90
    assert ran.report.exit_code is ExitCode.INCONCLUSIVE
    assert ran.messages[0].startswith(f"Worker 2 of 2 {how} after ")
    assert ran.messages[0].endswith(" s: its share of the load was not delivered.")
    assert ran.result.verdict.reasons[0].startswith(f"worker 2 of 2 {how} after")
    assert len(ran.messages) == 1


def test_all_workers_dead(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @scenario(shared_iterations(vus=2, iterations=10))
        async def ends(vu):
            os._exit(7)

        thresholds({"iterations": "count>0"})
        """,
    )
    assert [message.partition(" after")[0] for message in sorted(ran.messages)] == [
        "Worker 1 of 2 died (exit code 7)",
        "Worker 2 of 2 died (exit code 7)",
    ]
    assert ran.value("dropped_iterations") == 10
    assert ran.report.exit_code is ExitCode.INCONCLUSIVE


def test_a_worker_that_tells_nothing_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "SILENT_SECONDS", 1.2)
    monkeypatch.setattr(pool, "_LOOK_SECONDS", 0.1)
    ran = run_script(
        tmp_path,
        """
        import time

        @scenario(per_vu_iterations(vus=2, iterations=1))
        async def stuck(vu):
            if vu.number == 2:
                time.sleep(60)

        thresholds({"iterations": "count>0"})
        """,
    )
    assert ran.messages[0].startswith("Worker 2 of 2 did not answer for 1.2 s and was ended after ")
    assert (ran.value("iterations"), ran.value("dropped_iterations")) == (1, 1)
    assert ran.report.exit_code is ExitCode.INCONCLUSIVE


def test_one_that_is_late_does_not_hold_up_the_others_for_ever(tmp_path, monkeypatch):
    shown = tmp_path / "shown"
    monkeypatch.setattr(pool, "LATE_SECONDS", 0)
    ran = run_script(
        tmp_path,
        """
        import time

        @scenario(per_vu_iterations(vus=2, iterations=1))
        async def slow(vu):
            if vu.number == 1:
                await vu.sleep(1.2)
            else:
                while not (FOLDER / "shown").exists():
                    time.sleep(0.01)
        """,
        on_progress=lambda _: shown.touch(),
    )
    assert ran.value("iterations") == 2
    assert ran.messages == []


LONG = """
@setup
def prepare():
    note("setup")

@scenario(constant_arrival_rate(rate=100, duration="60s"), graceful_stop="5s")
async def long(vu):
    note("long", k=vu.scenario_iteration)
    await vu.sleep({sleep})

@teardown
def clean():
    note("teardown")

thresholds({{"iterations": "count>0"}})
"""


def account(ran):
    return sum(ran.value(name) for name in ("iterations", "interrupted_iterations", "dropped_iterations"))


def test_a_signal_ends_all_workers_gracefully(tmp_path):
    signals = iter([signal.SIGINT])

    def interrupt_once(_snapshot):
        for number in signals:
            signal.raise_signal(number)

    ran = run_script(tmp_path, LONG.format(sleep=0.05), on_progress=interrupt_once)
    assert ran.report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert account(ran) == 6000
    assert ran.value("interrupted_iterations") == 0
    assert ran.value("iterations") == len(ran.notes("long"))
    assert len(ran.notes("teardown")) == 1
    assert ran.messages == ["Stopping: what is under way may end. Once more to stop at once."]


def run_interrupted_twice(folder, body):
    def interrupt_twice():
        wait_for(lambda: len({note["pid"] for note in read_notes(folder, "long")}) == 2)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)

    thread = threading.Thread(target=interrupt_twice)
    thread.start()
    ran = run_script(folder, body)
    thread.join()
    return ran


def test_a_second_signal_ends_all_workers_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "_PATIENCE_AT_ONCE", 20.0)
    ran = run_interrupted_twice(tmp_path, LONG.format(sleep=30))
    assert ran.report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert account(ran) == 6000
    assert ran.value("interrupted_iterations") == len(ran.notes("long")) > 0
    assert len(ran.messages) == 1


def test_a_second_signal_ends_workers_that_are_stuck(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "_PATIENCE_AT_ONCE", 0.2)
    body = LONG.format(sleep=30).replace("await vu.sleep(30)", "import time; time.sleep(30)")
    ran = run_interrupted_twice(tmp_path, body)
    assert ran.report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert account(ran) == 6000
    assert len(ran.messages) == 3
    assert "Worker 1 of 2 did not end in time when the run was broken off, and was ended after" in ran.messages[1]


def test_a_signal_that_comes_while_a_second_is_shown(tmp_path, monkeypatch):
    def twice(_snapshot):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(pool, "_PATIENCE_AT_ONCE", 20.0)
    ran = run_script(tmp_path, LONG.format(sleep=0.1), on_progress=twice)
    assert ran.report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert account(ran) == 6000
    assert len(ran.messages) == 1


def test_a_stop_during_set_up(tmp_path):
    body = LONG.format(sleep=1).replace('note("setup")', "import signal; signal.raise_signal(signal.SIGINT)")
    ran = run_script(tmp_path, body)
    assert ran.result is None
    assert ran.report.exit_code is ExitCode.STOPPED_BY_SIGNAL


def test_abort_in_one_worker_ends_all(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @scenario(shared_iterations(vus=4, iterations=100))
        async def work(vu):
            note("there")
            while vu.number == 2:
                await vu.sleep(0.01)
                if len((FOLDER / "there").read_text().splitlines()) == 4:
                    abort("seen enough")
            await vu.sleep(60)

        @teardown
        def clean():
            note("teardown")
        """,
    )
    assert ran.report.exit_code is ExitCode.ABORTED
    assert str(ran.report.error) == "seen enough"
    assert ran.value("interrupted_iterations") == 4
    assert account(ran) == 100
    assert len(ran.notes("teardown")) == 1


def test_a_start_of_a_user_that_raises_ends_all(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @vu_start
        def begin(vu):
            if vu.number == 2:
                raise ValueError("no luck")

        @scenario(shared_iterations(vus=2, iterations=100))
        async def work(vu):
            await vu.sleep(60)
        """,
    )
    assert ran.report.exit_code is ExitCode.SETUP_FAILED
    assert "ValueError: no luck" in str(ran.report.error)


def test_a_system_exit_in_one_worker_ends_all(tmp_path):
    ran = run_script(
        tmp_path,
        """
        import asyncio, sys

        async def ends():
            sys.exit(3)

        @scenario(per_vu_iterations(vus=2, iterations=1))
        async def work(vu):
            if vu.number == 1:
                task = asyncio.create_task(ends())
            await vu.sleep(60)
        """,
    )
    assert ran.report.exit_code is ExitCode.ABORTED
    assert "SystemExit(3)" in str(ran.report.error)
    assert account(ran) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"lock": __import__("threading").Lock()}', "found dict: cannot pickle '_thread.lock' object"),
        ("lambda: 1", "found function:"),
    ],
)
def test_set_up_data_that_cannot_be_copied(tmp_path, data, said):
    ran = run_script(
        tmp_path,
        f"""
        @setup
        def prepare():
            return {data}

        @scenario(shared_iterations(vus=2, iterations=2))
        async def work(vu):
            note("work")

        @teardown
        def clean():
            note("teardown")
        """,
    )
    assert ran.result is None
    assert ran.report.exit_code is ExitCode.SETUP_FAILED
    assert said in str(ran.report.error)
    assert "@vu_start, or run with one worker" in str(ran.report.error)
    assert len(ran.notes("teardown")) == 1
    assert ran.notes("work") == []


def test_set_up_data_that_a_worker_cannot_read(tmp_path):
    ran = run_script(
        tmp_path,
        """
        class Odd:
            def __setstate__(self, state):
                raise ValueError("not here")

        @setup
        def prepare():
            odd = Odd()
            odd.fact = 1
            return odd

        @scenario(shared_iterations(vus=2, iterations=2))
        async def work(vu):
            note("work")
        """,
    )
    assert ran.report.exit_code is ExitCode.SETUP_FAILED
    assert "ValueError: not here" in str(ran.report.error)
    assert ran.notes("work") == []


ONLY_ONCE = """
first = not (FOLDER / "loaded").exists()
(FOLDER / "loaded").touch()
{then}

@setup
def prepare():
    note("setup")

@scenario(shared_iterations(vus=2 if first else 3, iterations=6))
async def work(vu):
    note("work")
"""


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("if not first: raise RuntimeError('once is enough')", "the script raised RuntimeError: once is enough"),
        ("if not first: os._exit(5)", "of 2 died (exit code 5) before the load began"),
        ("", "expected the script to say the same in every process, found 'work: 6 iterations shared by 3"),
    ],
)
def test_a_script_that_is_another_one_in_a_worker_is_refused(tmp_path, then, said):
    with pytest.raises(ScriptError) as caught:
        run_script(tmp_path, ONLY_ONCE.format(then=then))
    assert said in str(caught.value)
    assert not (tmp_path / "setup").exists()


def test_what_iterations_raise_is_shown_once_and_counted_together(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @scenario(per_vu_iterations(vus=4, iterations=5))
        async def fails(vu):
            raise ValueError(f"user {vu.number}")
        """,
        workers=2,
    )
    assert len(ran.messages) == 1
    assert ran.messages[0].startswith("An iteration raised; the first of its kind is shown")
    (error,) = ran.result.iteration_errors
    assert error.count == 20
    assert error.first_traceback in ran.messages[0]
    assert ran.value("iteration_errors") == 20


def test_a_message_of_all_workers_is_shown_once(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @scenario(constant_arrival_rate(rate=100, duration="0.3s", max_vus=2))
        async def busy(vu):
            await vu.sleep(0.25)
        """,
    )
    assert len(ran.messages) == 1
    assert "all 2 virtual users are busy" in ran.messages[0]
    assert account(ran) == 30


def test_what_a_worker_prints_goes_to_standard_error(tmp_path, capfd):
    run_script(
        tmp_path,
        """
        @scenario(per_vu_iterations(vus=2, iterations=1))
        async def says(vu):
            print(f"this is user {vu.number}")
            os.system("echo and a child")
        """,
    )
    out, err = capfd.readouterr()
    assert "this is user 1" in err
    assert "this is user 2" in err
    assert err.count("and a child") == 2
    assert out == ""


def test_an_error_of_who_watches_is_raised(tmp_path):
    def fails(_snapshot):
        raise OSError("nobody watches")

    with pytest.raises(OSError, match="nobody watches"):
        run_script(tmp_path, LONG.format(sleep=0.01), on_progress=fails)


RUNNER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from workers_support import read_notes, run_script
run_script(Path({folder!r}), '''
import time

@scenario(per_vu_iterations(vus=2, iterations=1))
async def stuck(vu):
    note("stuck")
    time.sleep(30)
''')
"""


def test_workers_end_when_the_coordinator_is_gone(tmp_path):
    text = RUNNER.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    coordinator = subprocess.Popen([sys.executable, "-c", text])
    try:
        wait_for(lambda: len(pids(tmp_path)) == 2)
    finally:
        coordinator.kill()
        coordinator.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids(tmp_path)))


def pids(folder):
    return {note["pid"] for note in read_notes(folder, "stuck")}


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_threshold_on_the_whole_ends_all_workers(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @scenario(constant_arrival_rate(rate=100, duration="60s"))
        async def work(vu):
            await vu.sleep(0.01)

        thresholds({"iterations": {"threshold": "count<80", "abort_on_fail": True}})
        """,
    )
    assert ran.report.exit_code is ExitCode.THRESHOLDS_FAILED
    assert account(ran) == 6000
    assert 80 <= ran.value("iterations") < 6000


@pytest.mark.parametrize("form", ["json=samples.json", "json=samples.json.gz", "csv=samples.csv"])
def test_every_sample_of_all_workers_is_in_one_file(tmp_path, form):
    kind, _, name = form.partition("=")
    ran = run_script(
        tmp_path,
        """
        seen = Counter("seen")

        @setup
        def prepare(vu):
            seen.add()

        @scenario(per_vu_iterations(vus=4, iterations=10))
        async def work(vu):
            seen.add()
        """,
        outputs=parse_outputs([f"{kind}={tmp_path / name}"]),
    )
    data = (tmp_path / name).read_bytes()
    lines = (gzip.decompress(data) if name.endswith("gz") else data).decode().splitlines()
    assert ran.value("seen") == 41
    if kind == "csv":
        assert lines[0].startswith("metric_name,")
        assert len([line for line in lines if line.startswith("metric_name,")]) == 1
        assert len([line for line in lines if line.startswith("seen,")]) == 41
    else:
        entries = [json.loads(line) for line in lines if '"seen"' in line]
        assert [entry["type"] for entry in entries].count("Metric") == 1
        assert [entry["type"] for entry in entries].count("Point") == 41


def test_ctrl_c_at_the_terminal_reaches_the_coordinator_alone(tmp_path):
    script = write_script(tmp_path, LONG.format(sleep=0.3))
    command = [*COMMAND, "run", str(script), "--workers", "2", "--no-run-file"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        wait_for(lambda: len({note["pid"] for note in read_notes(tmp_path, "long")}) == 2)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == ExitCode.STOPPED_BY_SIGNAL
    assert b"interrupted_iterations" not in out
    assert err.count(b"Stopping") == 1
    assert b"Worker" not in err


def test_health_is_that_of_all_workers(tmp_path):
    ran = run_script(
        tmp_path,
        """
        import time

        @scenario(constant_arrival_rate(rate=100, duration="0.5s"))
        async def uneven(vu):
            if vu.scenario_iteration % 2:
                time.sleep(0.01)
        """,
    )
    health = ran.result.health
    assert 0 < health.loop_busy <= 1
    assert health.max_rss_bytes > 3 * 10_000_000
    assert health.cpu_seconds > 0
    assert health.lateness_max_ms > 0


def test_the_busiest_worker_is_how_busy_all_are_and_what_each_used_adds_up():
    idle = GeneratorHealth(
        loop_busy=0.1,
        lateness_p50_ms=0.0,
        lateness_p99_ms=0.0,
        lateness_max_ms=0.0,
        dropped_iterations=0,
        abandoned_requests=1,
        gc_pause_max_ms=5.0,
        gc_pause_total_ms=6.0,
        cpu_seconds=2.0,
        max_rss_bytes=300,
        seconds=9.0,
        saturated_seconds=0.0,
    )
    busy = replace(idle, loop_busy=0.95, gc_pause_max_ms=3.0, seconds=8.0, saturated_seconds=4.0)
    whole = combined_health([idle, busy], Registry(), own_cpu_seconds=1.0, own_rss_bytes=50)
    assert (whole.loop_busy, whole.saturated_seconds, whole.seconds) == (0.95, 4.0, 9.0)
    assert (whole.gc_pause_max_ms, whole.gc_pause_total_ms) == (5.0, 12.0)
    assert (whole.abandoned_requests, whole.cpu_seconds, whole.max_rss_bytes) == (2, 5.0, 650)


def test_the_package_is_the_one_under_test():
    assert Path(surgeline.__file__).is_relative_to(Path(__file__).parents[2])


def test_a_second_signal_while_workers_end_loses_nothing(tmp_path):
    """They are not waited for any more; what they had told is there."""
    body = f"""
    import atexit, time

    def linger():
        note("lingers")
        time.sleep(30)

    if os.getpid() != {os.getpid()}:
        atexit.register(linger)

    @scenario(constant_vus(vus=2, duration="60s"))
    async def long(vu):
        note("long")
        await vu.sleep(0.05)
    """

    def interrupt_twice():
        for name in ("long", "lingers"):
            wait_for(lambda name=name: len({note["pid"] for note in read_notes(tmp_path, name)}) == 2)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt_twice)
    thread.start()
    ran = run_script(tmp_path, body)
    thread.join()
    assert ran.report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert ran.value("iterations") == len(ran.notes("long"))
    assert len(ran.messages) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_keyboard_interrupt_of_the_script_ends_the_run(tmp_path, workers):
    ran = run_script(
        tmp_path,
        """
        @scenario(constant_vus(vus=2, duration="60s"))
        async def work(vu):
            await vu.sleep(0.01)
            if vu.number == 2 and vu.iteration == 3:
                raise KeyboardInterrupt

        thresholds({"iterations": "count>0"})
        """,
        workers,
    )
    assert ran.report.exit_code is ExitCode.STOPPED_BY_SIGNAL
    assert 3 <= ran.value("iterations") < 5_000


UNIQUE = """
ids = pool.ids("{{}}", first=0, count=12)

@scenario({executor})
async def draws(vu):
    note("draws", id=ids.unique(vu), k=vu.scenario_iteration)
"""


@pytest.mark.parametrize(
    "executor",
    [
        "shared_iterations(vus=3, iterations=12)",
        "per_vu_iterations(vus=3, iterations=4)",
        'constant_arrival_rate(rate=40, duration="0.3s", pre_allocated_vus=3, max_vus=3)',
    ],
)
def test_fewer_users_than_workers_draw_the_whole_pool(tmp_path, executor):
    ran = run_script(tmp_path, UNIQUE.format(executor=executor), workers=4)
    assert ran.messages == []
    assert sorted(int(note["id"]) for note in ran.notes("draws")) == list(range(12))
    assert sorted(note["k"] for note in ran.notes("draws")) == list(range(12))
    assert len({note["pid"] for note in ran.notes("draws")}) == 3


def test_a_small_scenario_beside_a_large_one_has_all_numbers(tmp_path):
    ran = run_script(
        tmp_path,
        """
        ids = pool.ids("{}", first=0, count=40)

        @scenario(shared_iterations(vus=2, iterations=6))
        async def small(vu):
            note("small", id=ids.unique(vu), k=vu.scenario_iteration)

        @scenario(per_vu_iterations(vus=3, iterations=4))
        async def large(vu):
            note("large", id=ids.unique(vu), k=vu.scenario_iteration)
        """,
        workers=3,
    )
    assert sorted(note["k"] for note in ran.notes("small")) == list(range(6))
    assert sorted(note["k"] for note in ran.notes("large")) == list(range(12))
    assert len({note["id"] for note in ran.notes("small") + ran.notes("large")}) == 18


@pytest.mark.parametrize("workers", [1, 2])
def test_unique_in_set_up_is_for_one_worker(tmp_path, workers):
    ran = run_script(
        tmp_path,
        UNIQUE.format(executor="shared_iterations(vus=2, iterations=6)")
        + """
@setup
def prepare(vu):
    note("draws", id=ids.unique(vu))
""",
        workers,
    )
    if workers == 1:
        assert len({note["id"] for note in ran.notes("draws")}) == 7
    else:
        assert ran.report.exit_code is ExitCode.SETUP_FAILED
        assert "found it in @setup or @teardown of a run with several workers" in str(ran.report.error)


def test_the_schedule_begins_when_users_are_ready_in_every_worker(tmp_path):
    ran = run_script(
        tmp_path,
        """
        @vu_start
        async def log_in(vu):
            await vu.sleep(0.3)
            note("ready")

        @scenario(constant_arrival_rate(rate=100, duration="1s", pre_allocated_vus=4, max_vus=4))
        async def work(vu):
            note("work", intended=vu.elapsed * 1000 - vu.lateness_ns / 1e6)

        thresholds({"iterations": {"threshold": "rate>=0.99 of target"}})
        """,
    )
    assert len(ran.notes("ready")) == 4
    assert len(ran.notes("work")) == 100
    assert min(note["intended"] for note in ran.notes("work")) >= 300
    assert ran.messages == []
    (threshold,) = ran.result.thresholds
    assert threshold.measured == pytest.approx(1.0)


OWN_SUMMARY = """
size = Trend("size")

@scenario(per_vu_iterations(vus=4, iterations=2))
async def draws(vu):
    size.add(vu.number, tags={"kind": "even" if vu.number % 2 == 0 else "odd"})

@summary
def tell(results):
    note("summary")
    return f"{results.value('size{kind:even}', 'count')} of {results.value('size', 'count')}"
"""


def test_a_summary_of_its_own_is_made_once_of_what_all_workers_saw(tmp_path):
    ran = run_script(tmp_path, OWN_SUMMARY, workers=2)
    assert ran.result.own_summary == "4.0 of 8.0"
    assert [note["pid"] for note in ran.notes("summary")] == [os.getpid()]
