"""The command that runs all scenarios, on fewer levels than its own."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from challenges_support import SMALL, serving
from click.testing import CliRunner

from conftest import query
from healthy_generator import COMMAND
from surgeline_systems.backing import Backing
from surgeline_systems.challenges.load import all_scenarios
from surgeline_systems.servers.postgres import Postgres
from surgeline_systems.standing import Place, Standing, Wish

SYSTEM, SIZES = "challenges", SMALL


@pytest.fixture(autouse=True)
def few_levels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(all_scenarios, "SURGELINE", tuple(COMMAND))
    monkeypatch.setattr(all_scenarios, "RESET", all_scenarios.RESET.replace("sleep 5 && ", ""))
    monkeypatch.setattr(all_scenarios, "LADDERS", {"scenario1": ("--levels", "TARGET_RPS=10,20")})
    monkeypatch.setattr(all_scenarios, "ONCE", {"scenario1": ("-e", "TARGET_RPS=30")})


def is_up(base_url: str, database_url: str) -> None:
    """Say that the system is up, here."""
    database = Postgres(database_url, "a database", private=False)
    standing = Standing(
        wish=Wish(system=SYSTEM, port=0, environment={}, with_seeds=True),
        pid=0,
        since=datetime.now(UTC),
        base_url=base_url,
        sizes=SMALL,
        backing=Backing(database=database, redis=None, rabbitmq=None),
        control="",
        key=b"",
    )
    place = Place(SYSTEM)
    place.folder.mkdir(parents=True)
    place.write(standing)


def test_each_begins_with_the_data_as_they_were_seeded(seeded_database: str):
    query(seeded_database, "UPDATE user_goal_progress SET claimed_at = now() WHERE completed_at IS NOT NULL")
    with serving(seeded_database, EVENT_PORT=0) as service:
        is_up(service.base_url, seeded_database)
        done = CliRunner().invoke(all_scenarios.main, ["--duration", "500ms", "--cool-down", "0s"])
    assert done.exit_code in {0, 99}, done.output
    table = json.loads(Path("ladder-scenario1.json").read_text())
    assert [level["figures"]["iterations"] for level in table["levels"]] == [5, 10], table
    assert "-e TARGET_RPS=30" in done.output
    (row,) = query(seeded_database, "SELECT count(claimed_at) AS claimed FROM user_goal_progress")
    assert row["claimed"] < 20


def test_a_system_that_is_down_is_told():
    done = CliRunner().invoke(all_scenarios.main)
    assert done.exit_code == 1
    assert "expected the system to be up, found it down in this folder: `surgeline system up challenges`" in done.output


@pytest.mark.parametrize("option", ["--duration", "--cool-down"])
def test_a_wrong_duration_is_told_before_the_first_run(option: str):
    done = CliRunner().invoke(all_scenarios.main, [option, "3x"])
    assert (done.exit_code, done.output) == (104, f"{option}: expected a duration such as 90s or 5m, found '3x'\n")
