"""What the command ends with, and what it says, for each way a run can end."""

import json
import signal
import socket
import sys

import pytest
from cli_support import started, surgeline, surgeline_here

GET = """
@scenario(shared_iterations(vus=2, iterations=20), base_url="{url}")
async def s(vu):
    await vu.http.get("/")
"""


def test_passed(script, run, server):
    path = script(
        'thresholds({"http_req_failed": "rate<0.01", "http_reqs": ["count==20"]})\n' + GET.format(url=server.url)
    )
    ended = run(path)
    assert ended.code == 0
    assert "http_req_duration" in ended.out
    assert "Traceback" not in ended.err


def test_thresholds_failed(script, run, server):
    path = script('thresholds({"http_reqs": ["count>20"]})\n' + GET.format(url=server.url))
    ended = run(path)
    assert ended.code == 99
    assert "count>20" in ended.out


def test_no_thresholds_is_passed_and_said(script, run, server):
    ended = run(script(GET.format(url=server.url)))
    assert ended.code == 0
    assert "no thresholds" in (ended.out + ended.err).lower()


def test_no_thresholds_option(script, run, server):
    path = script('thresholds({"http_reqs": ["count>20"]})\n' + GET.format(url=server.url))
    assert run(path, "--no-thresholds").code == 0


WRONG_SCRIPTS = {
    "syntax": ("def (:\n", "syntax error"),
    "no scenario": ("x = 1\n", "expected at least one scenario"),
    "not async": ("@scenario(constant_vus(duration=1))\ndef s(vu): pass\n", "not async"),
    "raises": ("1 / 0\n", "ZeroDivisionError"),
    "exits": ("sys.exit(0)\n", "SystemExit"),
    "keyword": ("@scenario(constant_vus(vu=1, duration=1))\nasync def s(vu): pass\n", "found 'vu'; did you mean"),
    "threshold": ('thresholds({"no_such": "p(95)<1"})\n' + GET, "no_such"),
}
WRONG_OPTIONS = [
    (["--vus", "0"], "--vus"),
    (["--vus", "many"], "--vus"),
    (["--duration", "soon"], "--duration"),
    (["--duration", "0"], "--duration"),
    (["--iterations", "-1"], "--iterations"),
    (["--rate", "0"], "--rate"),
    (["--rate", "5", "--iterations", "5"], "--rate and --iterations"),
    (["--scenario", "other"], "--scenario"),
    (["--tag", "novalue"], "--tag"),
    (["-e", "=x"], "-e"),
    (["--base-url", "ftp://x"], "--base-url"),
    (["--summary-trend-stats", "avg,p(101)"], "p(101)"),
    (["--summary-export", "no/such/folder/x.json"], "--summary-export"),
    (["--no-such-option"], "--no-such-option"),
]


@pytest.mark.parametrize("wrong", WRONG_SCRIPTS)
def test_wrong_script_sends_nothing(script, run, server, wrong):
    text, message = WRONG_SCRIPTS[wrong]
    before = server.requests
    # What the script does at import and what follows: nothing of it may be sent.
    path = script(text.replace("{url}", server.url))
    ended = run(path)
    assert ended.code == 104
    assert message in ended.err
    assert "script.py" in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert server.requests == before


@pytest.mark.parametrize(("options", "message"), WRONG_OPTIONS, ids=lambda value: " ".join(value)[:30])
def test_wrong_option_sends_nothing(script, server, tmp_path, options, message):
    before = server.requests
    ended = surgeline_here("run", script(GET.format(url=server.url)), *options, cwd=tmp_path)
    assert ended.code == 104
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert server.requests == before


@pytest.mark.parametrize(
    "arguments", [["run"], ["nosuch"], ["run", "missing.py"], ["run", "."], ["http"], ["http", "x"]]
)
def test_wrong_command(tmp_path, arguments):
    ended = surgeline(*arguments, cwd=tmp_path)
    assert ended.code == 104
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert ended.err.startswith("surgeline: ")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "-h"], ["--version"], []])
def test_help(tmp_path, arguments):
    ended = surgeline(*arguments, cwd=tmp_path)
    assert ended.code == 0
    assert "surgeline" in ended.out
    assert ended.err == ""


def test_setup_raises(script, run, server):
    before = server.requests
    ended = run(
        script("@setup\nasync def prepare(vu):\n    raise ValueError('no users')\n" + GET.format(url=server.url))
    )
    assert ended.code == 107
    assert "@setup raised" in ended.err
    assert "ValueError: no users" in ended.err
    assert "in prepare" in ended.err
    assert "run.py" not in ended.err
    assert ended.out == ""
    assert server.requests == before


@pytest.mark.parametrize("way", ["sys.exit(0)", "raise asyncio.CancelledError", "raise TimeoutError('theirs')"])
def test_setup_ends_in_another_way(script, run, server, way):
    ended = run(script(f"@setup\nasync def prepare():\n    {way}\n" + GET.format(url=server.url)))
    assert ended.code == 107
    assert "@setup raised" in ended.err
    assert "did not end within" not in ended.err


def test_teardown_raises_and_the_summary_is_shown(script, run, server):
    ended = run(script("@teardown\ndef tidy():\n    raise ValueError('not tidy')\n" + GET.format(url=server.url)))
    assert ended.code == 107
    assert "@teardown raised" in ended.err
    assert "http_req_duration" in ended.out


def test_hooks_and_their_data(script, run, server):
    text = """
@setup
async def prepare(vu):
    response = await vu.http.get("/login")
    check(response, {"set up": response.status == 200})
    return {"token": "t1"}

@teardown
def tidy():
    print("tidied", file=sys.stderr)

@scenario(shared_iterations(iterations=3), base_url="{url}")
async def s(vu):
    check(vu, {"has data": vu.data == {"token": "t1"}})
    await vu.http.get("/" + vu.data["token"])
""".replace("{url}", server.url)
    before = server.requests
    ended = run(script('thresholds({"checks": "rate==1"})\n' + text))
    assert ended.code == 0
    assert "tidied" in ended.err
    assert "set up" in ended.out
    assert server.paths[before:] == ["/login", "/t1", "/t1", "/t1"]


def test_an_overloaded_generator_is_inconclusive(script, run):
    text = """
thresholds({"iteration_duration": "p(95)<1000"})

@scenario(constant_arrival_rate(rate=500, duration="300ms"))
async def s(vu):
    until = time.perf_counter() + 0.02
    while time.perf_counter() < until:
        pass
"""
    ended = run(script(text), command=[sys.executable, "-m", "surgeline"])
    assert ended.code == 112
    assert "generator" in ended.out


def test_a_task_of_the_script_that_exits_aborts(script, run):
    text = """
async def background():
    await asyncio.sleep(0.05)
    sys.exit(3)

@scenario(constant_vus(vus=2, duration=30))
async def s(vu):
    if vu.iteration == 0 and vu.id == 1:
        vu.data = asyncio.create_task(background())
    await vu.sleep(0.01)
"""
    ended = run(script(text))
    assert ended.code == 108
    assert "SystemExit(3)" in ended.err
    assert "iterations" in ended.out


# Signals

WAITING = """
@scenario(constant_vus(vus=3, duration=600), graceful_stop="30s")
async def s(vu):
    if vu.id == 3:
        print("RUNNING", file=sys.stderr, flush=True)
    await vu.sleep(0.3)

@teardown
def tidy():
    print("TIDIED", file=sys.stderr, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_gracefully(script, tmp_path, number):
    with started("run", script(WAITING), "--summary-export", "out.json", cwd=tmp_path) as running:
        running.wait_for("RUNNING")
        running.signal(number)
        ended = running.end()
    assert ended.code == 105
    assert "Stopping" in ended.err
    assert "TIDIED" in ended.err
    assert "iteration_duration" in ended.out
    assert "interrupted_iterations" not in ended.out
    assert (tmp_path / "out.json").exists()


HANGING = """
@scenario(constant_vus(vus=2, duration=600))
async def s(vu):
    await vu.sleep(0.001)
    if vu.id == 2 and vu.iteration == 3:
        print("HANGS", file=sys.stderr, flush=True)
        while True:
            pass
"""
STUBBORN = """
@scenario(constant_vus(vus=2, duration=600), graceful_stop=600)
async def s(vu):
    print("RUNNING", file=sys.stderr, flush=True)
    while True:
        try:
            await vu.sleep(1000)
        except asyncio.CancelledError:
            pass
"""
SLOW_CLEANUP = """
@scenario(constant_vus(vus=20, duration=600), graceful_stop=600)
async def s(vu):
    if vu.id == 20:
        print("RUNNING", file=sys.stderr, flush=True)
    try:
        await vu.sleep(1000)
    finally:
        await vu.sleep(1000)
"""
IN_C = """
@scenario(constant_vus(vus=2, duration=600))
async def s(vu):
    await vu.sleep(0.001)
    if vu.id == 2:
        print("HANGS", file=sys.stderr, flush=True)
        time.sleep(1000)
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [(HANGING, "HANGS"), (STUBBORN, "RUNNING"), (SLOW_CLEANUP, "RUNNING"), (IN_C, "HANGS")],
    ids=["hanging", "stubborn", "slow cleanup", "in C"],
)
def test_a_second_signal_ends_the_run_at_once(script, tmp_path, text, said):
    with started("run", script(text), cwd=tmp_path) as running:
        running.wait_for(said)
        running.signal()
        running.wait_for("Stopping")
        running.signal()
        ended = running.end()
    assert ended.code == 105
    assert "interrupted_iterations" in ended.out
    assert "Traceback" not in ended.err


IMPATIENT = """
import signal

@scenario(constant_vus(vus=5, duration=600), graceful_stop=600)
async def s(vu):
    try:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        await vu.sleep(1000)
    finally:
        os.kill(os.getpid(), signal.SIGINT)
"""


def test_any_number_of_signals_leaves_the_summary(script, run):
    ended = run(script(IMPATIENT))
    assert ended.code == 105
    assert "Stopping" in ended.err
    assert "vus_max" in ended.out or "iterations" in ended.out


@pytest.mark.parametrize("body", ["await vu.sleep(1000)", "await asyncio.sleep(1000)"])
def test_a_signal_during_set_up_stops_it(script, tmp_path, server, body):
    text = f"@setup\nasync def prepare(vu):\n    print('SETTING UP', file=sys.stderr, flush=True)\n    {body}\n"
    before = server.requests
    with started("run", script(text + GET.format(url=server.url)), cwd=tmp_path) as running:
        running.wait_for("SETTING UP")
        running.signal()
        ended = running.end()
    assert ended.code == 105
    assert "stopped during set-up" in ended.err
    assert ended.out == ""
    assert server.requests == before


def test_two_signals_during_a_set_up_that_hangs(script, tmp_path):
    text = "@setup\ndef prepare(vu):\n    print('SETTING UP', file=sys.stderr, flush=True)\n    while True: pass\n"
    with started("run", script(text + WAITING), cwd=tmp_path) as running:
        running.wait_for("SETTING UP")
        running.signal()
        running.wait_for("Stopping")
        running.signal()
        ended = running.end()
    assert ended.code == 105
    assert "Traceback" not in ended.err


def test_a_signal_before_a_scenario_starts(script, tmp_path):
    text = """
@scenario(constant_arrival_rate(rate=10, duration=1), start_time=600)
async def later(vu):
    print("NEVER", file=sys.stderr, flush=True)
"""
    with started("run", script(WAITING + text), cwd=tmp_path) as running:
        running.wait_for("RUNNING")
        running.signal()
        ended = running.end()
    assert ended.code == 105
    assert "NEVER" not in ended.err
    assert "dropped_iterations" in ended.out


def test_a_signal_while_the_script_is_loaded(script, tmp_path):
    with started(
        "run", script("print('LOADING', file=sys.stderr, flush=True)\ntime.sleep(1000)\n"), cwd=tmp_path
    ) as running:
        running.wait_for("LOADING")
        running.signal()
        ended = running.end()
    assert ended.code == 105
    assert "Traceback" not in ended.err


def test_a_signal_to_an_overloaded_generator(script, tmp_path):
    text = """
@scenario(constant_arrival_rate(rate=1000, duration=600))
async def s(vu):
    if vu.id == 1:
        print("RUNNING", file=sys.stderr, flush=True)
    until = time.perf_counter() + 0.02
    while time.perf_counter() < until:
        pass
"""
    with started("run", script(text), cwd=tmp_path) as running:
        running.wait_for("RUNNING")
        running.signal()
        ended = running.end()
    assert ended.code == 105
    assert "iteration_duration" in ended.out


# A system under test that is not there


def test_every_connection_refused(script, run):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = f"""
@scenario(constant_vus(vus=4, duration="500ms"), base_url="http://127.0.0.1:{port}")
async def s(vu):
    response = await vu.http.get("/")
    assert response.error_code == 1212, response.error_code
"""
    ended = run(script(text), "--summary-export", "out.json")
    assert ended.code == 0
    assert "1212" in ended.out
    metrics = json.loads((script("").parent / "out.json").read_text())["metrics"]
    assert metrics["http_req_failed"]["values"]["rate"] == 1
    # Four users that start after 10, 20, 40 and then 50 ms again: not as often as the processor can make them.
    assert 4 <= metrics["http_reqs"]["values"]["count"] <= 60
    assert "iteration_errors" not in metrics
