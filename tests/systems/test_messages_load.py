"""The load scripts of the messages system, run by the load generator against the real service."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from messages_support import run_suite, values_of

from conftest import query
from surgeline_systems.messages.load.worker_scaling import when_empty

SYSTEM = "messages"
SIZES = {"USERS": "500"}
SENT = {"sustained": 150, "peak": 200, "worker_scaling": 200}
# Accepted, and in work elsewhere: nobody else takes it on until its claim is old.
STUCK = """
    INSERT INTO message_logs (user_id, message_type, idempotency_key, status, claimed_at)
    SELECT id, 'BIRTHDAY', 'stuck', 'processing', now() FROM users LIMIT 1
"""


def rows(database: str) -> int:
    return query(database, "SELECT count(*) FROM message_logs")[0]["count"]


def expect_all_new(suite: str, service: str, folder: Path, *options: str) -> None:
    """Run a suite as always, with the same random choices; all its messages are accepted as new ones."""
    summary = folder / "summary.json"
    # Without thresholds: how fast the machine of a test is says nothing about the script.
    told = ["--no-thresholds", "--seed", "1", "--summary-export", str(summary), *options]
    done = run_suite(suite, service, *told, **SIZES)
    assert done.returncode == 0, done.stdout + done.stderr
    values = values_of(summary)
    assert values["iterations"]["count"] == SENT[suite]
    assert values["checks"] == {"rate": 1, "passes": 2 * SENT[suite], "fails": 0}


@pytest.mark.parametrize("suite", SENT)
def test_each_message_is_one_row(service: str, seeded_database: str, tmp_path: Path, suite: str):
    before = rows(seeded_database)
    expect_all_new(suite, service, tmp_path)
    assert rows(seeded_database) == before + SENT[suite]


def test_no_idempotency_key_comes_again_on_another_worker_or_in_the_same_run_again(
    service: str, seeded_database: str, tmp_path: Path
):
    before = rows(seeded_database)
    for runs in (1, 2):
        expect_all_new("worker_scaling", service, tmp_path, "--workers", "2")
        assert rows(seeded_database) == before + runs * SENT["worker_scaling"]


@pytest.mark.parametrize("suite", SENT)
def test_all_limits_are_judged(service: str, suite: str):
    done = run_suite(suite, service, **SIZES)
    assert done.returncode in {0, 99}, done.stdout + done.stderr  # a slow machine is slow, and no more
    assert "?" not in done.stdout.partition("THRESHOLDS")[2].partition("\n\n")[0]


def test_all_is_delivered_when_worker_scaling_ends(service: str, seeded_database: str, tmp_path: Path):
    summary = tmp_path / "summary.json"
    done = run_suite("worker_scaling", service, "--no-thresholds", "--summary-export", str(summary), **SIZES)
    assert done.returncode == 0, done.stdout + done.stderr
    (unfinished,) = query(seeded_database, "SELECT count(*) FROM message_logs WHERE finished_at IS NULL")
    assert unfinished["count"] == 0
    values = values_of(summary)
    assert values["messages_left"]["value"] == 0
    assert 0 < values["messages_per_second"]["value"] <= 200 / values["drain_seconds"]["value"]


def test_worker_scaling_looks_the_less_often_the_more_is_left():
    lefts, slept = [220_000, 9_000, 400, 0], []

    async def get(*_: object, **_named: object) -> SimpleNamespace:
        stats = {"pending": lefts.pop(0), "processing": 0}
        return SimpleNamespace(raise_for_status=lambda: SimpleNamespace(json=lambda: stats))

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    asyncio.run(when_empty(SimpleNamespace(http=SimpleNamespace(get=get), sleep=sleep)))
    assert slept == [1.0, 0.45, 0.05]


def test_worker_scaling_does_not_begin_beside_messages_of_others(service: str, seeded_database: str):
    query(seeded_database, STUCK)
    try:
        done = run_suite("worker_scaling", service, **SIZES, DRAIN_SECONDS="0")
    finally:
        query(seeded_database, "DELETE FROM message_logs WHERE idempotency_key = 'stuck'")
    assert done.returncode == 108
    assert "expected an empty queue within 0 s, found 1 messages in it" in done.stderr
    assert "Traceback" not in done.stderr
