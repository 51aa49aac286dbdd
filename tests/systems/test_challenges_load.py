"""The load scripts of the challenges system, run by the load generator against the real service."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from challenges_support import SMALL, Serving, serving
from messages_support import values_of

from healthy_generator import COMMAND
from surgeline_systems.challenges.load.watching import State, done_between
from surgeline_systems.challenges.system import SYSTEM as CHALLENGES

SYSTEM, SIZES = "challenges", SMALL
SHORT = {"TARGET_RPS": "40", "TARGET_EPS": "40", "TRACKED_EPS": "10", "DURATION": "1s", **SMALL}
SUITES = [suite.name for suite in CHALLENGES.suites]
# Requests and events in a second.
SENT = {"scenario1": (40, 0), "scenario2": (0, 40), "scenario3": (40, 40), "scenario4": (40, 40), "scenario5": (0, 50)}


@pytest.fixture(scope="module")
def service(seeded_database: str) -> Iterator[Serving]:
    with serving(seeded_database, FLUSH_MS=50) as found:
        yield found


def run_suite(suite: str, service: Serving, *options: str, **values: str) -> subprocess.CompletedProcess[str]:
    """What `surgeline run` of a suite ends with."""
    script = str(CHALLENGES.folder / "load" / f"{suite}.py")
    told = {**SHORT, "GRPC_TARGET": service.events, **values}
    given = [part for name, value in told.items() for part in ("-e", f"{name}={value}")]
    command = [*COMMAND, "run", script, "--quiet", "--no-run-file", "--base-url", service.base_url, *given, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("suite", SUITES)
def test_all_that_is_sent_is_answered_and_judged(service: Serving, seeded_database: str, tmp_path: Path, suite: str):
    summary = tmp_path / "summary.json"
    done = run_suite(suite, service, "--summary-export", str(summary), DATABASE_URL=seeded_database)
    # A slow machine is slow, and no more.
    assert done.returncode in {0, 99}, done.stdout + done.stderr
    assert "?" not in done.stdout.partition("THRESHOLDS")[2].partition("\n\n")[0]
    values = values_of(summary)
    assert values["checks"]["fails"] == 0
    requests, events = SENT[suite]
    if requests:
        assert values["http_reqs"]["count"] == requests
    if events:
        assert values["grpc_reqs"]["count"] == events


def test_events_are_seen_by_users(service: Serving, tmp_path: Path):
    summary = tmp_path / "summary.json"
    done = run_suite("scenario5", service, "--no-thresholds", "--summary-export", str(summary))
    assert done.returncode == 0, done.stdout + done.stderr
    values = values_of(summary)
    assert values["flow_started"]["count"] == values["flow_arrived"]["count"] == 10


def test_the_database_is_watched(service: Serving, seeded_database: str, tmp_path: Path):
    summary = tmp_path / "summary.json"
    values = {"DATABASE_URL": seeded_database, "DURATION": "2s"}
    done = run_suite("scenario4", service, "--no-thresholds", "--summary-export", str(summary), **values)
    assert done.returncode == 0, done.stdout + done.stderr
    told = values_of(summary)
    # Ten of the service, one of the event handler.
    assert told["database_connections"]["max"] == 11
    assert told["database_size_mb"]["value"] > 1
    assert "statements of the database:" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_database_did_is_the_difference_of_its_counters():
    before = State(connections=1, active=1, waiting=0, bytes=1, transactions=10, rows_written=5, hits=100, reads=10)
    now = State(connections=2, active=1, waiting=0, bytes=2, transactions=15, rows_written=8, hits=190, reads=20)
    done = done_between(before, now)
    assert (done.transactions, done.rows_written, done.hit_rate) == (5, 3, 0.9)
    assert done_between(now, now).hit_rate is None
    assert done_between(now, before).transactions == 0


def test_tokens_of_a_file_are_shown(service: Serving, tmp_path: Path):
    file = tmp_path / "tokens.json"
    file.write_text('[{"token": "garbage"}]')
    done = run_suite("scenario1", service, TOKENS=str(file))
    assert done.returncode == 99, done.stdout + done.stderr
    assert "401" in done.stdout
