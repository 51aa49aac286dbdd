"""The story of the system: a load without its users fails and says what to do; that done, the same load passes."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from messages_support import run_suite, script

from conftest import migrated_database, query
from healthy_generator import COMMAND
from surgeline_systems.application.server import running_service
from surgeline_systems.servers.postgres import Postgres
from surgeline_systems.system import System

SYSTEM = "messages"
ABOUT_SPEED = "http_req_duration"


@pytest.fixture(scope="module")
def database(server: Postgres, system: System) -> Iterator[str]:
    with migrated_database(server, system, "story") as url:
        yield url


@pytest.fixture(scope="module")
def base_url(database: str) -> Iterator[str]:
    with running_service("surgeline_systems.messages", {"DATABASE_URL": database}) as base_url:
        yield base_url


def surgeline(command: str, database: str) -> subprocess.CompletedProcess[str]:
    """Type a command of ours as it was shown."""
    program, *arguments = shlex.split(command)
    assert program == "surgeline"
    environment = {**os.environ, "DATABASE_URL": database}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, env=environment)


def findings_on_pools(base_url: str, database: str) -> list[dict[str, Any]]:
    doctor = f"surgeline doctor {shlex.quote(script('peak'))} --json --base-url {base_url}"
    found = json.loads(surgeline(doctor, database).stdout)["findings"]
    return [one for one in found if one["check"] == "pools"]


def test_a_load_without_users_says_what_to_do_and_passes_once_that_is_done(
    base_url: str, database: str, tmp_path: Path
):
    (before,) = findings_on_pools(base_url, database)
    assert before["level"] == "failure"

    failed = run_suite("peak", base_url)
    assert failed.returncode == 99, failed.stdout + failed.stderr
    _, title, advice = failed.stdout.partition("ADVICE\n")
    assert title
    assert "users" in advice
    assert "is not seeded in the service's database" in " ".join(advice.split())
    assert query(database, "SELECT count(*) FROM message_logs")[0]["count"] == 0

    (command,) = [line.strip() for line in advice.splitlines() if line.strip().startswith("surgeline ")]
    assert command.endswith(" --database URL")
    seeded = surgeline(command.replace(" URL", f" {shlex.quote(database)}"), database)
    assert seeded.returncode == 0, seeded.stderr

    (after,) = findings_on_pools(base_url, database)
    assert after["level"] == "ok"

    summary = tmp_path / "summary.json"
    passed = run_suite("peak", base_url, "--summary-export", str(summary))
    assert "ADVICE" not in passed.stdout
    metrics = json.loads(summary.read_text())["metrics"]
    assert metrics["http_req_failed"]["values"]["rate"] == 0
    # On counts alone: how fast a test's machine is says nothing.
    judged = {name: metric["thresholds"] for name, metric in metrics.items() if "thresholds" in metric}
    assert len(judged) == 4
    for name, conditions in judged.items():
        assert name.startswith(ABOUT_SPEED) or all(one["ok"] for one in conditions.values()), passed.stdout
    sent = metrics["http_reqs"]["values"]["count"]
    assert query(database, "SELECT count(*) FROM message_logs")[0]["count"] == sent == 200
