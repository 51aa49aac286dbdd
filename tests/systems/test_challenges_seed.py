"""What the challenges system declares: users and goals that `surgeline fixtures` makes too, and progress of theirs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from challenges_support import Player, serving

from conftest import query
from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import Declarations, load_declarations
from surgeline.seeding.reset import reset
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify
from surgeline_systems.application.settings import SettingsError
from surgeline_systems.challenges.catalogue import load_catalogue
from surgeline_systems.challenges.system import SYSTEM as CHALLENGES

SYSTEM = "challenges"


def declared(users: int) -> Declarations:
    return load_declarations(CHALLENGES.seeds, {"USERS": str(users)})


def fixture(kind: str, folder: Path, *options: str) -> Path:
    """The file that the command makes."""
    file = folder / f"{kind}.json"
    subprocess.run([sys.executable, "-m", "surgeline", "fixtures", kind, "--out", str(file), *options], check=True)
    return file


def test_the_usual_catalogue_is_that_of_the_command(tmp_path: Path):
    file = fixture("catalogue", tmp_path)
    assert load_catalogue(str(file)).challenges == load_catalogue("").challenges


def test_users_and_tokens_of_the_commands_are_known(empty_database: str, tmp_path: Path):
    users = fixture("users", tmp_path, "--count", "3")
    tokens = fixture("tokens", tmp_path, "--users", str(users))
    declarations = declared(3)
    with connect(empty_database) as database:
        apply(database, declarations, Unseen())
    with serving(empty_database, EVENT_PORT=0) as service, Player(service.base_url, 1) as player:
        for one in json.loads(tokens.read_text()):
            player.token = one["token"]
            assert len(player.with_status("completed")) == 5


def test_the_tables_hold_what_is_declared_and_other_sizes_after_it(empty_database: str):
    with connect(empty_database) as database:
        for users in (30, 10, 20):
            apply(database, declared(users), Unseen())
            verified = verify(database, declared(users), Unseen())
            assert verified.differences == []
            assert verified.tables["user_goal_progress"] == 10 * users


def test_a_reset_takes_back_claims_and_what_events_wrote(empty_database: str):
    with connect(empty_database) as database:
        apply(database, declared(2), Unseen())
    with serving(empty_database, EVENT_PORT=0) as service, Player(service.base_url, 1) as player:
        player.claim(player.with_status("completed")[0])
        player.request("POST", "/challenge/v1/challenges/initialize")
    with connect(empty_database) as database:
        reset(database, declared(2), Unseen())
        assert verify(database, declared(2), Unseen()).differences == []
    (row,) = query(empty_database, "SELECT count(*), count(claimed_at) AS claimed FROM user_goal_progress")
    assert (row["count"], row["claimed"]) == (20, 0)


WRONG = {
    "no JSON": "[",
    "other fields": '[{"id": "one"}]',
    "the same id twice": '[{"id": "a", "name": "A", "goals": [%s, %s]}]',
    "a prerequisite that is none": '[{"id": "a", "name": "A", "goals": [%s]}]',
}
GOAL = """{
    "id": "g", "name": "G", "requirement": {"statCode": "won", "operator": ">=", "targetValue": 1},
    "reward": {"type": "ITEM", "id": "cup", "quantity": 1}, "prerequisites": ["%s"]
}"""


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_catalogue_is_refused(tmp_path: Path, name: str):
    file = tmp_path / "challenges.json"
    prerequisite = "g" if "twice" in name else "h"
    file.write_text(WRONG[name].replace("%s", GOAL % prerequisite))
    with pytest.raises(
        SettingsError, match=r"expected CHALLENGES_FILE to be a catalogue, found in .*challenges\.json: "
    ):
        load_catalogue(str(file))
