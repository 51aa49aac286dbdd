"""A run file holds all of a run, also of one that was killed, and never a secret."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_support import BASKET, STARTED, STOCK, THRESHOLDS, Recorded, a_run, fill

from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.verdict import Outcome
from surgeline.metrics import names
from surgeline.metrics.names import BUILTIN, MetricType
from surgeline.metrics.registry import Registry
from surgeline.metrics.values import TrendValue
from surgeline.report.terminal import render_summary
from surgeline.store import schema, writer
from surgeline.store.reader import open_run

METRICS = (names.HTTP_REQS, names.HTTP_REQ_FAILED, names.HTTP_REQ_DURATION, names.VUS, BASKET, STOCK)
NOBODY = 65534
TAGS = ({}, {"a": "x"}, {"a": "y", "b": "1"})

samples = st.lists(
    st.tuples(st.integers(-1, 4), st.sampled_from(METRICS), st.sampled_from(TAGS), st.integers(1, 10**9)), max_size=60
)
spans = st.tuples(st.none() | st.floats(0, 5), st.none() | st.floats(0, 6), st.sampled_from(TAGS))


def record(registry, metric, tags, amount):
    cell = registry.cell(metric, tags)
    match metric.type:
        case MetricType.RATE:
            cell.add(amount % 3 == 0)
        case MetricType.TREND:
            cell.record(amount)
        case MetricType.GAUGE:
            cell.set(amount / 8)
        case MetricType.COUNTER:
            cell.add(amount / 4)


def answers(registry):
    """Whatever can be asked, in a form that can be compared."""
    return {
        (metric.name, *tags.items()): _plain(registry.value(metric.name, tags))
        for metric in registry.metrics()
        for tags in TAGS
    } | {
        metric: {key: _plain(value) for key, value in registry.by_tag(metric.name, "a", "b").items()}
        for metric in METRICS
    }


def _plain(value):
    return (value.histogram.encode(), value.divisor) if isinstance(value, TrendValue) else value


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(samples, spans)
def test_what_is_read_answers_as_the_live_registry_did(tmp_path_factory, samples, span):
    """All of it, and any span and selection as if nothing else had been recorded."""
    by_second = defaultdict(list)
    for second, *sample in samples:
        by_second[second].append(sample)
    run = Recorded(tmp_path_factory.mktemp("runs"))
    from_s, to_s, wanted = span
    expected = Registry()
    for second in range(-1, 5):
        chosen = (from_s is None or second >= int(from_s)) and (to_s is None or second < to_s)
        for metric, tags, amount in by_second[second]:
            record(run.registry, metric, tags, amount)
            if chosen and wanted.items() <= tags.items():
                record(expected, metric, tags, amount)
        run.end_second()
        if chosen:
            expected.rotate()
            expected.seconds += second >= 0
    run.file.finish(None)

    with open_run(run.file.path) as stored:
        assert answers(stored.registry()) == answers(run.registry)
        assert stored.registry().seconds == run.registry.seconds
        found = stored.registry(from_s, to_s, wanted)
    assert answers(found) == answers(expected)
    assert found.seconds == expected.seconds


def test_the_summary_is_the_same_to_the_byte(tmp_path):
    run = a_run(tmp_path)
    before = run.finish()
    with open_run(run.file.path) as stored:
        after = stored.result()
    for width in (80, 120):
        assert render_summary(after, width=width, color=False) == render_summary(before, width=width, color=False)
    assert "503 Service Unavailable" in render_summary(after, width=120, color=False)


def test_the_facts_come_back(tmp_path):
    run = a_run(
        tmp_path,
        script_path=Path("load/checkout.py"),
        tags={"team": "blue"},
        options={"vus": 3},
        environment={"TARGET": "staging"},
    )
    run.file.message("Something was said.")
    run.finish()
    with open_run(run.file.path) as stored:
        facts = stored.facts
        assert [text for _, text in stored.messages()] == ["Something was said."]
    assert (facts.title, facts.script_path, facts.seed) == ("load/checkout.py", "load/checkout.py", 7)
    assert facts.started_at == STARTED
    assert facts.ended_at is not None
    assert facts.ended_at > STARTED - timedelta(days=1)
    assert (facts.tags, facts.options, facts.environment) == ({"team": "blue"}, {"vus": 3}, {"TARGET": "staging"})
    assert (facts.thresholds, facts.scenarios) == (THRESHOLDS, ("checkout: 10 iterations/s for 3s",))
    assert {"host", "cores", "kernel", "python", "surgeline"} <= facts.machine.keys()
    assert len(facts.script_sha256) == 64


def test_the_headline_is_that_of_the_result(tmp_path):
    run = a_run(tmp_path)
    finished = run.finish()
    with open_run(run.file.path) as stored:
        headline = stored.headline()
    assert headline.verdict == finished.verdict.outcome.value
    assert (headline.seconds, headline.requests) == (3.0, 18)
    assert headline.p95_ms == finished.metrics.value("http_req_duration").stat("p(95)")
    assert headline.failed_share == pytest.approx(2 / 3)


KILLED = """
import os, sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from store_support import a_run, fill
run = a_run(Path({folder!r}))
while run.file.waiting:
    time.sleep(0.001)
fill(run.registry, 9)
run.end_second()
os.kill(os.getpid(), 9)
"""


def test_a_killed_run_leaves_what_it_committed(tmp_path):
    script = KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    whole = a_run(tmp_path, run_id="whole")
    expected = whole.finish()

    with open_run("20260329", tmp_path) as stored:
        result, seconds = stored.result(), stored.seconds
        assert stored.facts.ended_at is None
        assert stored.headline().requests in (18, 48)  # with or without the second in which it was killed
    assert seconds in (3.0, 4.0)
    assert result.verdict.outcome is Outcome.INCONCLUSIVE
    assert result.verdict.reasons[0].startswith("the run was not finished")
    if seconds == 3.0:
        assert result.thresholds == expected.thresholds
        assert result.checks == expected.checks
        assert result.failures == expected.failures
        assert [(row.name, row.failed) for row in result.requests] == [
            (row.name, row.failed) for row in expected.requests
        ]
    assert "not measured: the run did not come to its end" in render_summary(result, width=100, color=False)


def test_the_log_of_a_killed_run_is_read_and_put_away(tmp_path):
    """A reader that was there kept the seconds in the log: who opens the file later finds them all the same."""
    first = a_run(tmp_path, seconds=1)
    settled(first.file)
    with closing(sqlite3.connect(first.file.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM seconds").fetchall()
        for second in (1, 2):
            fill(first.registry, second)
            first.end_second()
        settled(first.file)
        copied = [Path(shutil.copy(path, tmp_path / f"copy-{path.name}")) for path in tmp_path.iterdir()]
    assert {path.name.removeprefix(f"copy-{first.file.path.name}") for path in copied} == {"", "-wal", "-shm"}
    with open_run(tmp_path / f"copy-{first.file.path.name}") as stored:
        assert stored.seconds == 3.0
    assert [path.exists() for path in sorted(copied)] == [True, False, False]
    first.finish()


def settled(file):
    """Wait until all is written; a writer that has given up never comes to it."""
    latest = time.monotonic() + 60
    while file.waiting:
        assert time.monotonic() < latest
        time.sleep(0.001)


def test_who_reads_the_file_stops_nobody(tmp_path):
    run = a_run(tmp_path, seconds=1)
    settled(run.file)
    with closing(sqlite3.connect(run.file.path)) as reader:
        cursor = reader.execute("SELECT * FROM series")
        cursor.fetchone()
        for second in (1, 2):
            fill(run.registry, second)
            run.end_second()
        run.finish()
        cursor.fetchall()
        with open_run(run.file.path) as stored:
            assert stored.seconds == 3.0
    with open_run(run.file.path) as stored:
        assert stored.facts.ended_at is not None
    assert [path.name for path in tmp_path.iterdir()] == [run.file.path.name]


def test_a_locked_file_is_waited_for_and_loses_nothing(tmp_path, monkeypatch):
    create = writer._create

    def impatient(*arguments):
        connection = create(*arguments)
        connection.execute("PRAGMA busy_timeout = 5")
        return connection

    monkeypatch.setattr(writer, "_create", impatient)
    said = []
    run = a_run(tmp_path, seconds=1, notify=said.append)
    settled(run.file)
    with closing(sqlite3.connect(run.file.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        for second in range(1, 8):
            fill(run.registry, second)
            run.end_second()
        latest = time.monotonic() + 60
        while not said and time.monotonic() < latest:
            run.end_second()
            time.sleep(0.01)
        assert run.file.waiting > 7
        other.rollback()
    seconds = run.registry.seconds
    run.finish()
    assert said == ["run file: another program keeps it locked; what comes waits for that."]
    with open_run(run.file.path) as stored:
        assert stored.seconds == seconds
        assert stored.registry().seconds == seconds
        assert len(stored._seconds) == run.next_second + 1


def test_what_a_killed_run_planned_is_not_known(tmp_path):
    thresholds = parse_thresholds({"iterations": ["rate>=0.9 of target over 2s", "count>1"]}, BUILTIN)
    run = Recorded(tmp_path, thresholds=thresholds)
    for _ in range(3):
        run.registry.cell(names.ITERATIONS, {}).add(10)
        run.end_second()
    settled(run.file)
    with open_run(run.file.path) as stored:
        result = stored.result()
    run.finish()
    assert [one.ok for one in result.thresholds] == [None, True]
    assert result.verdict.reasons[1] == (
        "1 of 2 thresholds had no target: iterations rate>=0.9 of target over 2s; the run was not finished, or "
        "planned no starts in the time that is judged"
    )
    shown = render_summary(result, width=120, color=False)
    assert "no target known" in shown
    assert "no samples" not in shown


@contextmanager
def not_ours_to_write(folder):
    """As somebody who may read alone, also where the tests run as root."""
    folder.chmod(0o555)
    user = os.geteuid()
    try:
        if not user:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


@pytest.mark.parametrize("kept", [("", "-wal", "-shm"), ("", "-wal"), ("",)])
def test_a_folder_that_is_not_ours_to_write_is_read_from(kept):
    with tempfile.TemporaryDirectory() as name:  # that of pytest is its user's alone
        folder, there = Path(name) / "runs", Path(name) / "there"
        Path(name).chmod(0o755)
        folder.mkdir()
        there.mkdir()
        run = a_run(folder)
        settled(run.file)
        for end in kept:
            shutil.copy(f"{run.file.path}{end}", there / f"run.sqlite{end}")
            (there / f"run.sqlite{end}").chmod(0o644)
        with not_ours_to_write(there), open_run(there / "run.sqlite") as stored:
            assert stored.seconds == 3.0
            assert stored.facts.ended_at is None
        assert len(list(there.iterdir())) == len(kept)
        run.finish()


def test_a_run_without_a_load_says_so(tmp_path):
    run = Recorded(tmp_path)
    run.file.finish(None)
    with open_run(run.file.path) as stored:
        assert stored.result().verdict.reasons[0].startswith("there was no load")


def test_a_run_goes_on_when_there_can_be_no_file(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    said = []
    run = a_run(tmp_path / "runs", notify=said.append)
    run.file.message("ignored")
    run.finish()
    assert len(said) == 1
    assert "this run is not kept" in said[0]
    assert run.file.path is None


def test_a_full_disk_is_said_once_and_leaves_what_fitted(tmp_path, monkeypatch):
    create = writer._create

    def small(*arguments):
        connection = create(*arguments)
        connection.execute("PRAGMA max_page_count = 14")
        return connection

    monkeypatch.setattr(writer, "_create", small)
    said = []
    run = Recorded(tmp_path, notify=said.append)
    for second in range(40):
        fill(run.registry, second)
        run.end_second()
    run.finish()
    assert [message for message in said if "full" in message] == said[:1]
    assert len(said) == 2  # and how much was left out
    with open_run(run.file.path) as stored:
        assert 1 <= stored.seconds < 40
        assert stored.result().verdict.outcome is Outcome.INCONCLUSIVE


def test_no_secret_reaches_the_file(tmp_path):
    environment = {"API_TOKEN": "s3cr3t-token", "TARGET": "staging", "DB_PASSWORD": 'pa"ss\\w\u00f6rd'}
    run = Recorded(
        tmp_path,
        environment=environment,
        title="GET http://joe:hunter2@127.0.0.1/?access_token=abcdef",
        script_text="token = 's3cr3t-token'\npassword = 'open-sesame'\nuser = 'ada'\n",
        options={"header": ["Authorization: Bearer xyzzy"], "env": {"API_TOKEN": "s3cr3t-token"}, "vus": 3},
    )
    run.registry.cell(names.HTTP_REQS, {"name": "http://joe:hunter2@127.0.0.1/?access_token=abcdef&page=2"}).add(1)
    run.file.message(f"said {environment['DB_PASSWORD']}")
    environment["LATER_SECRET"] = "swordfish"
    run.file.message("said swordfish")
    run.file.message('line 3:\n    vu.http.get("/", auth=("ada", "open-sesame"))')
    run.end_second(1.0)
    run.finish()
    content = run.file.path.read_bytes().decode(errors="replace")
    for secret in ("s3cr3t", "hunter2", "abcdef", "xyzzy", "ss\\w", "swordfish", "sesame"):
        assert secret not in content
    with open_run(run.file.path) as stored:
        assert stored.facts.environment["TARGET"] == "staging"
        assert stored.facts.script_text == "token = '(redacted)'\npassword = '(redacted)'\nuser = 'ada'\n"
        assert stored.facts.options == {
            "header": ["Authorization: (redacted)"],
            "env": {"API_TOKEN": "(redacted)"},
            "vus": 3,
        }
        (series,) = stored.registry().select("http_reqs")
    assert series.tags["name"] == "http://(redacted)@127.0.0.1/?access_token=(redacted)&page=2"


def test_texts_that_are_no_unicode_do_not_end_the_run(tmp_path):
    run = a_run(tmp_path, title="load/\udcff.py", script_text="# \udcff")
    run.registry.cell(names.CHECKS, {"check": "\udcff"}).add(True)
    run.end_second()
    run.finish()
    with open_run(run.file.path) as stored:
        assert "\udcff" in [check.name for check in stored.result().checks]


def test_the_folder_is_ignored_by_git(tmp_path):
    a_run(tmp_path / ".surgeline" / "runs").finish()
    assert (tmp_path / ".surgeline" / ".gitignore").read_text() == "*\n"


def test_a_custom_folder_is_left_alone(tmp_path):
    a_run(tmp_path / "results").finish()
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_the_file_is_plain_sqlite(tmp_path):
    run = a_run(tmp_path)
    run.finish()
    assert [path.name for path in tmp_path.iterdir()] == [run.file.path.name]
    connection = sqlite3.connect(run.file.path)
    sums = connection.execute(
        "SELECT sum(value) FROM blocks JOIN series ON id = series WHERE metric = 'http_reqs'"
    ).fetchone()
    version = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert sums == (18.0,)
    assert version == (schema.VERSION,)
    assert os.access(run.file.path, os.R_OK)
