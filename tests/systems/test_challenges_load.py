"""The load scripts of the challenges system, run by the load generator against the real service."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
from challenges_support import SMALL, Serving, serving
from messages_support import values_of
from ways_support import needed

from conftest import migrated_database, query
from healthy_generator import COMMAND
from surgeline_systems.challenges.system import SYSTEM as CHALLENGES
from surgeline_systems.servers import postgres_private
from surgeline_systems.servers.launch import free_port
from surgeline_systems.servers.postgres import Postgres, host_binaries, private_server
from surgeline_systems.system import System

SYSTEM, SIZES = "challenges", SMALL
SHORT = {"TARGET_RPS": "40", "TARGET_EPS": "40", "TRACKED_EPS": "10", "DURATION": "1s", **SMALL}
WATCHED = {
    "PostgreSQL: connections",
    "PostgreSQL: statements over 1 s",
    "PostgreSQL: cache hit rate",
    "PostgreSQL: cpu",
    "PostgreSQL: memory",
    "event handler: buffer depth",
    "event handler: cpu",
    "event handler: memory",
    "service: cpu",
    "service: memory",
}
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


@pytest.fixture(scope="module")
def counting_server() -> Iterator[Postgres]:
    """A PostgreSQL of our own that counts its statements."""
    binaries = host_binaries()
    needed(binaries, "no PostgreSQL of the host's")
    settings = {**postgres_private.SETTINGS, "shared_preload_libraries": "pg_stat_statements"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_private, "SETTINGS", settings)
        with private_server(cast("Path", binaries)) as server:
            yield server


def test_one_table_tells_of_all_that_was_watched(counting_server: Postgres, system: System, tmp_path: Path):
    summary = tmp_path / "summary.json"
    with migrated_database(counting_server, system, "watched") as database:
        query(database, "CREATE EXTENSION pg_stat_statements")
        with serving(database, FLUSH_MS=50) as service:
            values = {
                "DATABASE_URL": database,
                "BASE_URL": service.base_url,
                "EVENT_METRICS_PORT": str(urlsplit(service.event_metrics).port),
                "DURATION": "3s",
            }
            done = run_suite("scenario4", service, "--no-thresholds", "--summary-export", str(summary), **values)
    assert done.returncode == 0, done.stdout + done.stderr
    told = values_of(summary)
    # Ten of the service, one of the event handler.
    assert told["database_connections"]["max"] == 11
    assert told["handler_buffer_depth"]["max"] <= 40
    _, _, after = done.stderr.partition("watched ")
    rows = {line.partition("  ")[0] for line in after.splitlines()}
    assert rows >= WATCHED, done.stderr
    assert "not reachable" not in after
    statements = [line for line in after.splitlines() if " calls " in line]
    assert any("INSERT INTO user_goal_progress" in line for line in statements), done.stderr


def test_what_cannot_be_watched_is_told_and_no_failure(service: Serving, seeded_database: str):
    values = {"DATABASE_URL": seeded_database, "EVENT_METRICS_PORT": str(free_port())}
    done = run_suite("scenario4", service, "--no-thresholds", **values)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "event handler: not reachable all the time: expected the event handler's metrics on port" in done.stderr
    assert "Traceback" not in done.stderr


def test_tokens_of_a_file_are_shown(service: Serving, tmp_path: Path):
    file = tmp_path / "tokens.json"
    file.write_text('[{"token": "garbage"}]')
    done = run_suite("scenario1", service, TOKENS=str(file))
    assert done.returncode == 99, done.stdout + done.stderr
    assert "401" in done.stdout
