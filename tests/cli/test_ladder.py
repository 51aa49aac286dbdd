"""`surgeline ladder` as users run it, against a server that bears so many requests and no more until it is reset."""

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cli_support import WAIT, environment, started, surgeline

from healthy_generator import COMMAND
from surgeline.cli.main import surgeline as command_line
from surgeline.errors import SurgelineError

CAPACITY = 25
SCRIPT = """
thresholds({"http_req_failed": "rate==0"})

@scenario(shared_iterations(vus=1, iterations=env("REQUESTS", 1)), base_url=env("BASE_URL", ""))
async def s(vu):
    await vu.http.get("/")
"""


class LimitedServer(ThreadingHTTPServer):
    """Answers with 503 from so many requests on; `/reset` lets it begin anew."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Limited)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.borne = self.requests = 0
        self.counting = threading.Lock()

    @property
    def reset(self):
        return shlex.join(
            [sys.executable, "-c", f"import urllib.request as u; print('WAS', u.urlopen('{self.url}/reset').status)"]
        )


class Limited(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LimitedServer

    def do_GET(self):
        with self.server.counting:
            self.server.requests += 1
            self.server.borne = 0 if self.path == "/reset" else self.server.borne + 1
            status = 200 if self.server.borne <= CAPACITY else 503
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def limited():
    with LimitedServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def ladder(script, tmp_path, limited):
    """Run the ladder of a script; no level waits for another."""

    def run(*options, text=SCRIPT, command=COMMAND, cool_down="0"):
        address = ("-e", f"BASE_URL={limited.url}", "--cool-down", cool_down)
        return surgeline("ladder", script(text), *address, *options, cwd=tmp_path, command=command)

    return run


def table(ended):
    """The first cell and the verdict of each level, and the sentences."""
    lines, _, sentences = ended.out.rstrip().partition("\n\n")
    _, *rows = [line.split() for line in lines.splitlines()]
    return [(row[0], row[-2]) for row in rows], sentences.splitlines()


def test_it_stops_at_the_level_that_fails(ladder, limited):
    ended = ladder("--levels", "REQUESTS=10,12,20,40", "--reset", limited.reset)
    assert ended.code == 0
    levels, (sentence,) = table(ended)
    assert levels == [("10", "passed"), ("12", "passed"), ("20", "passed"), ("40", "failed")]
    assert sentence == "Passed up to REQUESTS=20; at REQUESTS=40: http_req_failed rate==0 (37.50%)"
    assert ended.err.count("WAS 200") == 3
    assert "Level 4 of 4: REQUESTS=40" in ended.err
    assert limited.requests == 10 + 12 + 20 + 40 + 3


def test_without_a_reset_what_came_before_counts(ladder):
    ended = ladder("--levels", "REQUESTS=10,20,40")
    assert ended.code == 0
    assert table(ended)[0] == [("10", "passed"), ("20", "failed")]


def test_each_level_is_kept_and_tagged(ladder, tmp_path):
    ended = ladder("--levels", "REQUESTS=3,4", "--tag", "team=red", "--json", "table.json")
    assert ended.code == 0
    found = json.loads((tmp_path / "table.json").read_text())
    assert (found["script"].endswith("script.py"), found["sets"]) == (True, "REQUESTS")
    assert found["rows"] == [
        {"combination": {}, "highest_passed": "4", "text": "Passed at every level, up to REQUESTS=4"}
    ]
    for level, requests in zip(found["levels"], (3, 4), strict=True):
        assert (level["verdict"], level["exit_code"], level["figures"]["iterations"]) == ("passed", 0, requests)
        assert level["run_id"] in ended.out
        tagged = ("--tag", f"level={requests}", "--tag", "team=red", "--json")
        shown = surgeline("report", level["run_id"], *tagged, cwd=tmp_path)
        assert json.loads(shown.out)["metrics"]["http_reqs"]["values"]["count"] == requests


def test_plain_numbers_are_the_rate(ladder):
    ended = ladder("--levels", "10,20", "--duration", "300ms", "--no-run-file")
    assert ended.code == 0
    levels, (sentence,) = table(ended)
    assert [level for level, _ in levels] == ["10", "20"]
    assert "10/s" in ended.out
    assert sentence == "Passed at every level, up to 20/s"


def test_users(ladder):
    ended = ladder("--levels", "1,2", "--option", "vus", "-e", "REQUESTS=2")
    assert table(ended)[1] == ["Passed at every level, up to 2 VUs"]


def test_only_the_row_that_fails_stops(ladder, limited, tmp_path):
    files = ("--summary-export", "{level}.json")
    matrix = ("--matrix", "EXTRA=30,1", "--reset", limited.reset)
    text = SCRIPT.replace('env("REQUESTS", 1)', 'env("REQUESTS", 1) + env("EXTRA", 0)')
    ended = ladder("--levels", "REQUESTS=2,3", *matrix, *files, text=text)
    assert ended.code == 99
    levels, sentences = table(ended)
    assert levels == [("2", "failed"), ("2", "passed"), ("3", "passed")]
    assert [sentence.split(";")[0] for sentence in sentences] == [
        "EXTRA=30: passed at no level",
        "EXTRA=1: passed at every level, up to REQUESTS=3",
    ]
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["2-1.json", "2-30.json", "3-1.json"]


@pytest.mark.parametrize(("expect", "code"), [("20", 0), ("40", 99)])
def test_what_is_expected_decides(ladder, limited, expect, code):
    levels = ("--levels", "REQUESTS=10,20,40,41", "--keep-going", "--reset", limited.reset)
    ended = ladder(*levels, "--expect", expect)
    assert ended.code == code
    assert [verdict for _, verdict in table(ended)[0]] == ["passed", "passed", "failed", "failed"]


UNSURE = """
waits = Trend("waits")
thresholds({"waits": "p(95)<1000"})

@scenario(shared_iterations(vus=1, iterations=1))
async def s(vu):
    if env("N", 0) < 2:
        waits.add(1)
"""


def test_an_inconclusive_level_ends_the_ladder(ladder):
    ended = ladder("--levels", "N=1,2,3", text=UNSURE)
    assert ended.code == 112
    levels, (sentence,) = table(ended)
    assert levels == [("1", "passed"), ("2", "inconclusive")]
    assert sentence.startswith("Passed up to N=1; at N=2 inconclusive: 1 of 1 threshold had no samples")


def test_a_hook_that_fails_ends_the_ladder(ladder):
    hook = "\n@setup\ndef prepare():\n    assert env('N', 0) < 2, 'no such user'\n"
    ended = ladder("--levels", "N=1,2,3", "--keep-going", text=UNSURE + hook)
    assert ended.code == 107
    assert "no such user" in ended.err
    assert table(ended)[1][0].endswith("at N=2 hook failed: @setup raised: AssertionError: no such user")


def test_a_reset_that_fails_ends_the_ladder(ladder):
    ended = ladder("--levels", "REQUESTS=1,2", "--reset", "echo no database; exit 3")
    assert ended.code == 107
    assert "no database\n" in ended.err
    assert "--reset: expected exit code 0, found 3 from: echo no database; exit 3" in ended.err
    assert table(ended) == ([("1", "passed")], ["Passed up to REQUESTS=1"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--levels", "REQUEST=1,2"], "--levels: .*found 'REQUEST'; did you mean \"REQUESTS\""),
        (["--levels", "REQUESTS=1,2", "--matrix", "COLOUR=a,b"], "--matrix: .*found 'COLOUR'"),
        (["--levels", "REQUESTS=1,2", "-e", "REQUESTS=5"], "-e REQUESTS: expected no value beside the ladder"),
        (["--levels", "5,10", "--rate", "7"], "--rate: expected no value beside the ladder"),
        (["--levels", "5,10.5"], r"--rate: expected a whole number .*found '10\.5'"),
        (["--levels", "REQUESTS=1,2", "--out", "csv=all.csv"], r"--out: .*csv=all-\{level\}\.csv"),
        (["--levels", "REQUESTS=1,2", "--summary-export", "no/{level}.json"], "--summary-export: .*no/1.json"),
        (["--levels", "REQUESTS=1,2", "--json", "no/table.json"], "--json: .*no/table.json"),
        (["--levels", "REQUESTS=1,2", "--cool-down", "soon"], "--cool-down: expected a duration"),
        (["--levels", "REQUESTS=1,2", "--expect", "2", "--no-thresholds"], "--expect: expected thresholds"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_what_is_wrong_with_any_level_is_said_before_the_first(
    script, limited, tmp_path, monkeypatch, options, message
):
    monkeypatch.chdir(tmp_path)
    arguments = ["ladder", str(script(SCRIPT)), "-e", f"BASE_URL={limited.url}", *options]
    with pytest.raises(SurgelineError, match=message) as refused:
        command_line.main(arguments, standalone_mode=False)
    assert refused.value.exit_code == 104
    assert limited.requests == 0


WAITING = """
thresholds({"iterations": "count>0"})

@scenario(shared_iterations(vus=1, iterations=1), graceful_stop="30s")
async def s(vu):
    if env("N", 0) == 2:
        print("RUNNING", file=sys.stderr, flush=True)
        await vu.sleep(1)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_level_and_shows_the_others(script, tmp_path, number):
    with started("ladder", script(WAITING), "--levels", "N=1,2,3", "--cool-down", "0", cwd=tmp_path) as running:
        running.wait_for("RUNNING")
        running.signal(number)
        ended = running.end()
    assert ended.code == 105
    assert table(ended) == ([("1", "passed"), ("2", "stopped")], ["Passed up to N=1; at N=2 stopped"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_levels_shows_those_before(script, tmp_path, number):
    options = ("--levels", "N=1,3", "--cool-down", "10m", "--json", "table.json")
    with started("ladder", script(WAITING), *options, cwd=tmp_path) as running:
        running.wait_for("Cooling down for 10m")
        running.signal(number)
        ended = running.end()
    assert ended.code == 105
    assert "Traceback" not in ended.err
    assert table(ended) == ([("1", "passed")], ["Passed up to N=1"])
    assert len(json.loads((tmp_path / "table.json").read_text())["levels"]) == 1


def test_a_signal_during_the_reset_ends_it(script, tmp_path):
    reset = ("--reset", "echo RESETTING; sleep 60; true")
    with started("ladder", script(WAITING), "--levels", "N=1,3", *reset, cwd=tmp_path) as running:
        running.wait_for("\nRESETTING")
        running.signal(signal.SIGTERM)
        ended = running.end()
    assert ended.code == 105
    assert table(ended)[0] == [("1", "passed")]


def test_on_a_terminal_the_wait_is_counted_down(script, tmp_path):
    ours, theirs = pty.openpty()
    arguments = ("ladder", str(script(WAITING)), "--levels", "N=1,3", "--cool-down", "300ms")
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path, env=environment(TERM="xterm")
    )
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 65536):
            said += chunk
    except OSError:  # how a terminal says that nobody is there any more
        pass
    os.close(ours)
    out, _ = process.communicate(timeout=WAIT)
    assert process.returncode == 0
    assert b"Cooling down: 1s to N=3" in said
    assert b"Passed at every level, up to N=3" in out
