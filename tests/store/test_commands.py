"""`surgeline runs` and `surgeline report` on runs that were recorded in virtual time."""

import json
import re

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from store_support import a_run

from surgeline.cli.main import surgeline
from surgeline.errors import ExitCode, OptionError
from surgeline.report.terminal import render_summary

FIRST, SECOND, KILLED = "20260329-100000-checkout-0001", "20260329-110000-checkout-0002", "20260330-100000-login-0003"


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run a command in a folder of its own; returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        assert surgeline.main(list(map(str, arguments)), standalone_mode=False) == ExitCode.PASSED
        return capsys.readouterr()

    return run


@pytest.fixture
def runs(tmp_path):
    """Three runs, the newest not finished; the results of the others."""
    folder = tmp_path / ".surgeline" / "runs"
    results = {name: a_run(folder, seconds, run_id=name).finish() for name, seconds in ((FIRST, 3), (SECOND, 5))}
    killed = a_run(folder, run_id=KILLED, notify=lambda _message: None)
    killed.file._queue.close()
    killed.file._queue._work._connection.close()
    return results


def test_runs_newest_first(command, runs):
    lines = command("runs").out.splitlines()
    assert [line.split()[0] for line in lines] == ["RUNS", KILLED, SECOND, FIRST]
    assert re.fullmatch(
        rf"  {FIRST}\s+2026-03-29 12:00:00\s+load/checkout.py\s+3s\s+failed\s+18\s+3\.00ms\s+66.67%", lines[3]
    )
    assert "not finished" in lines[1]


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 132])
def test_the_list_fits_a_terminal_and_keeps_ids_whole(command, runs, monkeypatch, columns):
    monkeypatch.setattr("surgeline.cli.runs.width", lambda _without: columns)
    lines = command("runs").out.splitlines()
    assert max(map(len, lines)) <= columns
    assert [line.split()[0] for line in lines[1:4]] == [KILLED, SECOND, FIRST]
    assert ("columns without started" in lines[-1]) is (columns < 120)


def test_a_run_without_load(command, tmp_path):
    run = a_run(tmp_path / ".surgeline/runs", 0, run_id=FIRST)
    run.file.finish(None)
    assert re.search(r"  0s +no load +0  +- +-$", command("runs").out.splitlines()[1])


def test_so_many_runs(command, runs):
    assert len(command("runs", "-n", 2).out.splitlines()) == 3


def test_runs_as_json(command, runs):
    found = json.loads(command("runs", "--json").out)
    assert [one["id"] for one in found] == [KILLED, SECOND, FIRST]
    assert [one["finished"] for one in found] == [False, True, True]
    assert found[2] == {
        "id": FIRST,
        "path": f".surgeline/runs/{FIRST}.sqlite",
        "title": "load/checkout.py",
        "started_at": "2026-03-29T12:00:00.123456+02:00",
        "finished": True,
        "verdict": "failed",
        "seconds": 3.0,
        "requests": 18,
        "p95_ms": runs[FIRST].metrics.value("http_req_duration").stat("p(95)"),
        "failed_share": pytest.approx(2 / 3),
    }


def test_no_runs_yet(command):
    printed = command("runs")
    assert printed.out == ""
    assert "No runs yet in .surgeline/runs" in printed.err
    assert json.loads(command("runs", "--json").out) == []


def test_a_file_that_cannot_be_read_hides_no_other(command, runs, tmp_path):
    (tmp_path / ".surgeline/runs/20260401-000000-x-0004.sqlite").write_bytes(b"x" * 9999)
    printed = command("runs")
    assert len(printed.out.splitlines()) == 4
    assert "expected a run file" in printed.err


def test_another_folder(command, tmp_path, monkeypatch):
    a_run(tmp_path / "results", run_id=FIRST).finish()
    assert FIRST in command("runs", "--run-dir", "results").out
    monkeypatch.setenv("SURGELINE_RUN_DIR", "results")
    assert "checkout.py" in command("report", "last").out


@pytest.mark.parametrize("run", [FIRST, "20260329-10", f".surgeline/runs/{FIRST}.sqlite"])
def test_the_summary_again(command, runs, run):
    assert command("report", run).out == render_summary(runs[FIRST], width=120, color=False) + "\n"


def test_the_summary_with_other_statistics(command, runs):
    out = command("report", FIRST, "--stats", "count,p(99.9)").out
    assert re.search(r"METRICS +count +p\(99.9\)", out)


def test_last_is_the_newest(command, runs):
    out = command("report", "last").out
    assert out.startswith("INCONCLUSIVE  the run was not finished")
    assert "18 requests" in out


@pytest.mark.parametrize(
    ("options", "requests"),
    [
        (["--from", "1"], 3 * 14),
        (["--from", "1s", "--to", "3s"], 3 * 5),
        (["--to", "2s", "--name", "/a"], 3),
        (["--name", "/b", "--tag", "status=503"], 15),
        (["--scenario", "checkout"], 45),
    ],
)
def test_a_part_of_a_run(command, runs, options, requests):
    out = command("report", SECOND, *options).out
    assert re.search(rf"http_reqs +{requests} ", out)
    found = json.loads(command("report", SECOND, *options, "--json", "--stats", "count,med").out)
    assert found["metrics"]["http_reqs"]["values"]["count"] == requests
    assert set(found["metrics"]["http_req_duration"]["values"]) == {"count", "med"}


def test_a_part_says_what_it_is(command, runs):
    out = command("report", SECOND, "--from", "1", "--to", "3s", "--name", "/a").out
    assert out.splitlines()[0] == f"{SECOND}  from 1 s to 3 s, name=/a: 2.0 s"


def test_a_part_without_samples(command, runs):
    assert "There are no such samples. Values of name are /a, /b." in command("report", SECOND, "--name", "/no").out
    assert (
        "There are no such samples. No sample has the tag nome; there are "
        in command("report", SECOND, "--tag", "nome=/a").out
    )
    assert command("report", SECOND, "--name", "/b", "--tag", "method=GET", "--to", "1").out.count("Values") <= 1


def test_a_log_of_histograms(command, runs, tmp_path):
    printed = command("report", SECOND, "--hdr", "run.hlog", "--name", "/a", "--from", "1")
    assert printed.out == ""
    assert "4 histograms were written to run.hlog" in printed.err
    reader = HistogramLogReader(str(tmp_path / "run.hlog"), HdrHistogram(1, 3_600_000_000_000, 3))
    assert reader.get_next_interval_histogram().get_total_count() == 2
    reader.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2026"], "found 3 for '2026'"),
        (["20260329-100000-chekout-0001"], f"did you mean '{FIRST}'?"),
        ([FIRST, "--from", "soon"], "--from: expected a duration"),
        ([FIRST, "--from", "5s", "--to", "5s"], "--to: expected a time after --from, found 5s"),
        ([FIRST, "--to", "0"], "--to: expected a time after --from, found 0"),
        ([FIRST, "--tag", "name"], "--tag: expected KEY=VALUE, found 'name'"),
        ([FIRST, "--stats", "p95"], 'trend statistics "p95"'),
        ([FIRST, "--hdr", "none/run.hlog"], "--hdr: none/run.hlog cannot be written: No such file or directory"),
    ],
)
def test_refused(command, runs, arguments, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        command("report", *arguments)
