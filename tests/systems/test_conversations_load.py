"""The load script of the conversations system, each scenario run by the load generator against the real service."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from conversations_load_support import SIZES, marks, run_loadtest
from conversations_support import FIXTURES

from conftest import query
from surgeline_systems.catalogue import system_named

SYSTEM = "conversations"
_, redis_url, service = FIXTURES
SCENARIOS = [suite.name for suite in system_named(SYSTEM).suites]
ROWS = """
    SELECT (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM conversations) AS conversations,
           (SELECT count(*) FROM users) AS users
"""


def rows(database: str) -> Counter[str]:
    """How many there are in each table that the test writes into."""
    (counts,) = query(database, ROWS)
    return Counter(dict(counts))


def sent_and_recorded(samples: Path) -> tuple[Counter[str], Counter[str]]:
    """How many requests went to each endpoint; how many samples each metric of the script has."""
    requests, recorded = Counter[str](), Counter[str]()
    with samples.open(newline="") as file:
        for sample in csv.DictReader(file):
            recorded[sample["metric_name"]] += 1
            recorded["failed checks"] += sample["metric_name"] == "checks" and float(sample["metric_value"]) != 1
            if sample["metric_name"] == "http_reqs":
                requests[sample["name"]] += 1
    return requests, recorded


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_is_sent_is_written_and_counted_and_judged(
    service: str, seeded_database: str, tmp_path: Path, scenario: str
):
    samples = tmp_path / "samples.csv"
    before = rows(seeded_database)
    # What runs where nothing is chosen is the smoke test.
    chosen = [] if scenario == "smoke" else ["--scenario", scenario]
    done = run_loadtest(service, *chosen, "--out", f"csv={samples}")
    expect_accounted(rows(seeded_database) - before, *sent_and_recorded(samples))
    judged = marks(done)
    assert judged
    assert all(f"{{scenario:{scenario}" in metric for metric in judged)
    assert ("recovery: " in done.stderr) == (scenario == "spike")
    # A slow machine is slow, and no more; but where it answers nothing before the spike, there is nothing to compare.
    unknown = [metric.partition("{")[0] for metric, mark in judged.items() if mark == "?"]
    assert unknown == (["recovery_seconds"] if "not measured" in done.stderr else []), done.stdout
    assert done.returncode in {0, 99} or unknown


def expect_accounted(written: Counter[str], requests: Counter[str], recorded: Counter[str]) -> None:
    """Nothing failed; what was sent is there once; each metric has a sample for each of its requests."""
    assert written["messages"] == requests["message"] + requests["reply"] > 0
    assert written["conversations"] == requests["message"]
    assert written["users"] == requests["register"]
    assert recorded["successful_requests"] == requests.total() - requests["health"]
    assert recorded["auth_successes"] == requests["login"] > 0
    assert (
        recorded["failed checks"]
        == recorded["api_errors"]
        == recorded["auth_failures"]
        == recorded["iteration_errors"]
        == 0
    )
    assert recorded["message_send_duration"] == requests["message"]
    assert recorded["conversation_fetch_duration"] == requests["conversations"] > 0
    assert recorded["analytics_duration"] == requests["analytics"]


def test_several_processes_account_alike_but_cannot_say_how_long_a_recovery_takes(
    service: str, seeded_database: str, tmp_path: Path
):
    samples = tmp_path / "samples.csv"
    before = rows(seeded_database)
    done = run_loadtest(service, "--scenario", "spike", "--workers", "2", "--out", f"csv={samples}")
    expect_accounted(rows(seeded_database) - before, *sent_and_recorded(samples))
    assert "recovery: not measured" in done.stderr
    (unknown,) = (metric for metric, mark in marks(done).items() if mark == "?")
    assert unknown.startswith("recovery_seconds{scenario:spike} value<")


def test_users_of_one_church_write_in_this_church_alone(service: str, seeded_database: str):
    count = "SELECT church_id, count(*) FROM messages GROUP BY church_id"
    before = Counter(dict(query(seeded_database, count)))
    values = {"CHURCH_ID": "church-00003"}
    assert run_loadtest(service, "--scenario", "load", values=values).returncode in {0, 99}
    assert (Counter(dict(query(seeded_database, count))) - before).keys() == {"church-00003"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CHURCH_ID", "church-00021", "expected a church that is seeded, such as church-00001, found 'church-00021'"),
        ("DURATION", "soon", "expected a duration such as 90s or 5m, found 'soon'"),
        ("DURATION", "0s", "expected a duration above 0, found '0s'"),
        ("WARM_UP", "later", "expected a duration such as 90s or 5m, found 'later'"),
        ("THINK_TIME_SCALE", "-1", "expected 0 or more, found -1"),
    ],
    ids=["church", "duration", "no duration", "warm-up", "pauses"],
)
def test_what_cannot_be_is_refused_by_its_name(name: str, value: str, message: str):
    done = run_loadtest("http://127.0.0.1:9", values={name: value})
    assert done.returncode == 104, done.stdout + done.stderr
    assert f"{name}: {message}" in done.stderr
    assert "Traceback" not in done.stderr


def test_who_is_not_let_in_is_counted_and_tries_again(service: str, tmp_path: Path):
    samples = tmp_path / "samples.csv"
    strangers = {**SIZES, "USERS": "20000"}
    done = run_loadtest(service, "--scenario", "load", "--out", f"csv={samples}", values=strangers)
    assert done.returncode == 99, done.stdout + done.stderr
    requests, recorded = sent_and_recorded(samples)
    assert recorded["auth_failures"] == recorded["api_errors"] > 10
    assert recorded["iteration_errors"] == recorded["auth_failures"] - 10
    assert recorded["auth_failures"] + recorded["auth_successes"] == requests["login"]
    assert "could not log in" in done.stdout
