"""What the options do, and where the output goes."""

import json
import os
import pty
import shlex
import subprocess

import pytest
from cli_support import WAIT, environment, surgeline, surgeline_here

from healthy_generator import COMMAND

SURGELINE = shlex.join(COMMAND)

SCRIPT = """
print(env("GREETING", "no greeting"), env("COUNT", 1) + 1, file=sys.stderr)
thresholds({"http_reqs": "count>=1"})

@scenario(shared_iterations(vus=2, iterations=10), base_url="%s", tags={"team": "red"})
async def first(vu):
    check(await vu.http.get("/first"), {"is 200": lambda response: response.status == 200})

@scenario(constant_vus(vus=1, duration="100ms"), base_url="%s")
async def second(vu):
    await vu.http.get("/second")
    await vu.sleep(0.01)
"""


@pytest.fixture
def path(script, server):
    return script(SCRIPT % (server.url, server.url))


@pytest.fixture
def summary(path, run, tmp_path):
    """Run with these options; return the metrics' values of the exported summary, and how the command ended."""

    def run_and_read(*options):
        ended = run(path, "--summary-export", "out.json", *options)
        assert ended.code == 0, ended.err
        data = json.loads((tmp_path / "out.json").read_text())
        return {name: metric["values"] for name, metric in data["metrics"].items()}, ended

    return run_and_read


def test_summary_export_is_as_k6s(summary):
    values, _ = summary()
    assert values["http_req_duration"]["p(95)"] > 0
    assert values["http_reqs"]["count"] > 10
    assert values["checks"]["passes"] == 10
    assert values["iterations"]["count"] == values["http_reqs"]["count"]


def test_scenario(summary, server):
    before = server.requests
    values, _ = summary("--scenario", "first")
    assert values["iterations"]["count"] == 10
    assert set(server.paths[before:]) == {"/first"}
    values, _ = summary("--scenario", "first", "--scenario", "second")
    assert values["iterations"]["count"] > 10


def test_vus_duration_iterations_and_rate(summary):
    first = ("--scenario", "first")
    assert summary(*first, "--vus", 4)[0]["vus_max"]["max"] == 4
    assert summary(*first, "--iterations", 7)[0]["iterations"]["count"] == 7
    values, ended = summary(*first, "--rate", 50, "--duration", "100ms")
    assert values["iterations"]["count"] == 5
    assert "50/s for 100ms" in ended.out
    values, ended = summary(*first, "--vus", 3, "--duration", "50ms")
    assert values["vus_max"]["max"] == 3
    assert "3 virtual users for 50ms" in ended.out


def test_env(path, run):
    ended = run(path, "--scenario", "first", "-e", "GREETING=hello=you", "-e", "COUNT=5")
    assert "hello=you 6" in ended.err
    ended = run(path, "--scenario", "first", env={"GREETING": "from outside"})
    assert "from outside 2" in ended.err
    ended = run(path, "-e", "COUNT=five")
    assert ended.code == 104
    assert "script.py:4: env: expected a whole number for COUNT" in ended.err


def test_tag(summary, path, script, run, server):
    tagged = script(
        "thresholds({'http_reqs{build:7}': 'count==10', 'http_reqs{team:red}': 'count==10'})\n"
        + SCRIPT % (server.url, server.url)
    )
    assert run(tagged, "--scenario", "first", "--tag", "build=7").code == 0
    assert run(tagged, "--scenario", "first").code == 99


def test_base_url(path, run, server):
    before = server.requests
    assert run(path, "--scenario", "first", "--base-url", server.url + "/api/").code == 0
    assert len(server.paths[before:]) == 10
    assert set(server.paths[before:]) <= {"/api/first", "/first"}


def test_trend_stats(summary):
    values, ended = summary("--summary-trend-stats", "p(99.9),count")
    assert set(values["http_req_duration"]) == {"p(99.9)", "count"}
    assert "p(99.9)" in ended.out


def test_seed(script, run):
    path = script(
        "@scenario(shared_iterations(iterations=3))\nasync def s(vu): print(vu.random.random(), file=sys.stderr)\n"
    )
    assert run(path, "--seed", 5).err == run(path, "--seed", 5).err != run(path, "--seed", 6).err


def test_summary_export_to_standard_output_and_to_what_cannot_be_written(path, run, tmp_path):
    (tmp_path / "folder").mkdir()
    ended = run(path, "--summary-export", "folder")
    assert ended.code == 104
    assert ended.out == ""


SLOW = """
@scenario(constant_vus(vus=1, duration="5200ms"))
async def s(vu):
    await vu.sleep(0.05)
"""


def test_results_go_to_standard_output_and_plain_progress_to_standard_error(script, run):
    ended = run(script(SLOW))
    assert ended.code == 0
    assert "iteration_duration" in ended.out
    lines = ended.err.splitlines()
    assert len(lines) == 1
    assert "/00:05" in lines[0] or "5" in lines[0]
    assert "VU" in lines[0]
    assert "\x1b" not in ended.out + ended.err
    assert "\r" not in ended.out + ended.err


def test_quiet(path, run):
    ended = run(path, "-q", "-e", "GREETING=")
    assert ended.code == 0
    assert ended.err == " 2\n"


@pytest.mark.parametrize("no_color", [True, False])
def test_on_a_terminal(path, tmp_path, no_color):
    ours, theirs = pty.openpty()
    extra = {"NO_COLOR": "1"} if no_color else {"TERM": "xterm"}
    process = subprocess.Popen(
        [*COMMAND, "run", str(path)],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment(**extra),
    )
    os.close(theirs)
    out = b""
    try:
        while chunk := os.read(ours, 65536):
            out += chunk
    except OSError:  # how a terminal says that nobody is there any more
        pass
    os.close(ours)
    assert process.wait(timeout=WAIT) == 0
    assert b"http_req_duration" in out
    assert (b"\x1b[3" in out or b"\x1b[1" in out) is not no_color


def shell(command, cwd):
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=cwd, env=environment(), timeout=WAIT, check=False
    )


def test_a_broken_pipe_changes_no_verdict(path, script, tmp_path, server):
    failing = script("thresholds({'http_reqs': 'count>1000000'})\n" + SCRIPT % (server.url, server.url), "failing.py")
    for script_path, code in ((path, "0"), (failing, "99")):
        ended = shell(
            f"{SURGELINE} run {script_path} --summary-export out.json | true; echo ${{PIPESTATUS[0]}}",
            tmp_path,
        )
        assert ended.stdout.strip() == code
        assert "Traceback" not in ended.stderr
        assert "BrokenPipe" not in ended.stderr
        assert json.loads((tmp_path / "out.json").read_text())
        (tmp_path / "out.json").unlink()


def test_head_sees_the_first_line(path, tmp_path):
    ended = shell(f"{SURGELINE} run {path} | head -1; echo ${{PIPESTATUS[0]}}", tmp_path)
    assert ended.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in ended.stderr


def test_nobody_reads_standard_error(script, tmp_path, server):
    text = "@scenario(shared_iterations(iterations=3))\nasync def s(vu):\n    raise ValueError(vu.iteration)\n"
    ended = shell(f"{SURGELINE} run {script(text)} 2> >(true); echo $?", tmp_path)
    assert ended.stdout.splitlines()[-1] == "0"
    assert "iteration_errors" in ended.stdout


def test_standard_output_is_closed(path, tmp_path):
    ended = shell(f"{SURGELINE} run {path} >&-; echo $? >&2", tmp_path)
    assert ended.stderr.splitlines()[-1] in ("0", "1")


def test_errors_of_iterations_are_shown_once_and_counted(script, run):
    body = "async def s(vu):\n    await vu.sleep(0)\n    raise ValueError('same')\n"
    ended = run(script("@scenario(shared_iterations(iterations=30))\n" + body))
    assert ended.code == 0
    assert ended.err.count("ValueError: same") == 1
    assert "in s" in ended.err
    assert ".pyx" not in ended.err
    assert "30" in ended.out
    assert "ValueError: same" in ended.out


def test_http_command(tmp_path, server):
    before = server.requests
    ended = surgeline("http", server.url + "/x", "-n", "20", "-c", "2", cwd=tmp_path)
    assert ended.code == 0
    assert server.requests - before == 20
    ended = surgeline(
        "http", server.url, "-r", "100", "-d", "100ms", "--threshold", "http_reqs: count==10", cwd=tmp_path
    )
    assert ended.code == 0
    ended = surgeline("http", server.url, "-n", "1", "--threshold", "http_reqs: count>1", cwd=tmp_path)
    assert ended.code == 99


def test_http_command_takes_several_thresholds_and_selectors(tmp_path, server):
    selector = "http_req_duration{expected_response:true, method:GET} p(99)<60000"
    thresholds = ["http_reqs count>1", "http_reqs: count==1", selector, "http_req_failed:rate==0"]
    options = [part for text in thresholds for part in ("--threshold", text)]
    ended = surgeline("http", server.url, "-n", "1", *options, cwd=tmp_path)
    assert ended.code == 99
    assert "1 of 4 thresholds failed: http_reqs count>1" in ended.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-X", "GE T"], "method: expected one such as GET, found 'GE T'"),
        (["-H", "Content-Length: 3"], "'Content-Length'"),
        (["-H", "no colon"], "-H: expected 'NAME: VALUE', found 'no colon'"),
        (["-H", "A: \N{EURO SIGN}"], "Latin-1"),
        (["--json", '{"a'], "--json: expected JSON"),
        (["--json", "1", "--data", "2"], "found both"),
        (["-n", "-5", "-r", "10"], "-n: expected a whole number"),
        (["-n", "3", "-r", "10", "-d", "1s"], "found both"),
        (["--threshold", "http_reqs"], "--threshold: expected 'METRIC CONDITION'"),
        (["--threshold", "http_reqz count>1"], 'did you mean "http_reqs"?'),
    ],
)
def test_http_command_refuses_what_cannot_be_sent(tmp_path, server, options, message):
    before = server.requests
    ended = surgeline_here("http", server.url, *options, cwd=tmp_path)
    assert (ended.code, ended.out, server.requests - before) == (104, "", 0)
    assert message in ended.err


def test_http_command_sends_as_many_as_the_rate_and_number_say(tmp_path, server):
    before = server.requests
    ended = surgeline("http", server.url, "-n", "7", "-r", "300", cwd=tmp_path)
    assert (ended.code, server.requests - before) == (0, 7)


def test_what_a_script_prints_is_no_result(script, run):
    path = script("print('loaded')\n@scenario(shared_iterations())\nasync def s(vu):\n    print('iterated')\n")
    ended = run(path)
    assert "loaded" in ended.err
    assert "iterated" in ended.err
    assert "loaded" not in ended.out
    assert "iterated" not in ended.out


def test_env_is_the_same_while_the_run_goes_on(script, run):
    path = script("@scenario(shared_iterations())\nasync def s(vu):\n    print('found', env('COLOUR', 'none'))\n")
    assert "found blue" in run(path, "-e", "COLOUR=blue").err
    assert "found none" in run(path).err
