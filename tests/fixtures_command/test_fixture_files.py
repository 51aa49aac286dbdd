"""Users and catalogues: the same bytes anywhere, whole or not at all, and such as a service can read."""

import hashlib
import json
import os
import stat
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.fixtures.catalogue import make_catalogue
from surgeline.fixtures.users import make_users, read_users
from surgeline.fixtures.write import write_array, write_bytes

GOLDEN = {
    "users": (lambda: make_users(10_000, 1), "716dd3f6280af014ec7f46b848522e359fc5220dbb9f2fe6334a1eb6cfc13431"),
    "users of another seed": (
        lambda: make_users(1_000, 7, namespace="test"),
        "fb34013659b008c6451cecb6d78b64f239c0001b8fcd7eea4f411e1290c04ee9",
    ),
    "catalogue": (
        lambda: make_catalogue(10, 50, 1),
        "f7df3d5fc854842a98aecdad97e9e83fdc8ddcdcc4dd2544f6c50edb06756d60",
    ),
    "catalogue of another seed": (
        lambda: make_catalogue(200, 3, 7),
        "9159943e87f3edc3b484aa89467512ac460a6fbefd279646d73fdfb84d731e80",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bytes_are_those_of_every_version(tmp_path, name):
    make, expected = GOLDEN[name]
    write_array(tmp_path / "file.json", make())
    assert hashlib.sha256((tmp_path / "file.json").read_bytes()).hexdigest() == expected


def test_users_have_ids_of_their_own_and_addresses():
    users = make_users(10_000, 1, namespace="arena")
    assert uuid.UUID(users[0]["id"]).version == 4
    assert users[9_999]["id"] == "00000000-0000-4000-8000-000000010000"
    for field in ("id", "username", "email"):
        assert len({user[field] for user in users}) == 10_000
    assert {user["namespace"] for user in users} == {"arena"}
    assert all(user["email"] == f"{user['username']}@test.com" for user in users)


@given(st.integers(), st.integers(1, 60), st.integers(1, 60))
def test_fewer_users_are_the_first_of_more(seed, few, more):
    assert make_users(few, seed) == make_users(few + more, seed)[:few]


def test_other_seed_numbers_make_other_users_and_challenges():
    assert len({json.dumps(make_users(100, seed)) for seed in range(20)}) == 20
    assert len({json.dumps(list(make_catalogue(3, 5, seed))) for seed in range(20)}) == 20


@pytest.mark.parametrize(
    "pattern", ["user", "{:.0e}", "{:d", "{name}", "{0.real.x}", "{}{}", "{:s}", "{:999999999999999999}"]
)
def test_a_pattern_that_gives_no_ids_is_refused(pattern):
    with pytest.raises(OptionError, match="--id-pattern: expected one"):
        make_users(20_000, 1, pattern)


@given(st.integers(1, 20), st.integers(1, 30), st.integers())
def test_a_catalogue_can_be_played(challenges, goals, seed):
    catalogue = list(make_catalogue(challenges, goals, seed))
    assert [len(one["goals"]) for one in catalogue] == [goals] * challenges
    assert len({goal["id"] for one in catalogue for goal in one["goals"]}) == challenges * goals
    for challenge in catalogue:
        reached = set()
        for goal in challenge["goals"]:
            assert set(goal["prerequisites"]) <= reached
            reached.add(goal["id"])
            requirement, reward = goal["requirement"], goal["reward"]
            assert requirement["targetValue"] > 0
            assert f"{requirement['targetValue']:,} " in goal["name"]
            assert reward["type"] in ("ITEM", "WALLET")
            assert reward["quantity"] > 0


@given(st.integers(1, 20), st.integers(1, 20), st.integers())
def test_a_challenge_does_not_depend_on_how_many_there_are(few, more, seed):
    assert list(make_catalogue(few, 3, seed)) == list(make_catalogue(few + more, 3, seed))[:few]


def test_challenges_have_names_of_their_own_and_goals_differ():
    catalogue = list(make_catalogue(500, 20, 1))
    assert len({one["name"] for one in catalogue}) == 500
    goals = [goal for one in catalogue for goal in one["goals"]]
    assert len({goal["requirement"]["statCode"] for goal in goals}) == 8
    assert 0.25 < sum(bool(goal["prerequisites"]) for goal in goals) / len(goals) < 0.4


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none())))
def test_an_array_has_one_element_a_line(tmp_path_factory, elements):
    path = tmp_path_factory.mktemp("array") / "file.json"
    written = write_array(path, elements)
    content = path.read_bytes()
    assert json.loads(content) == elements
    assert (written.elements, written.size) == (len(elements), len(content))
    lines = content.split(b"\n")[1:-2] if elements else []
    assert [json.loads(line.removesuffix(b",")) for line in lines] == elements


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "new" / "folders" / "users.json"
    write_array(path, [1])

    def breaks_off():
        yield from range(100_000)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_array(path, breaks_off())
    assert path.read_text() == "[\n1\n]\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_private_file_is_its_owners_alone(tmp_path):
    path = tmp_path / "tokens.json"
    write_array(path, [1])
    assert stat.S_IMODE(path.stat().st_mode) & 0o044
    write_array(path, [1], private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_bytes(path, b"x", private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "users.json"
    link.symlink_to(tmp_path / "real" / "users.json")
    write_array(link, [1])
    assert link.is_symlink()
    assert (tmp_path / "real" / "users.json").read_text() == "[\n1\n]\n"


def test_what_a_killed_process_left_behind_is_in_nobodys_way(tmp_path):
    left = tmp_path / f".users.json.{os.getpid()}.partial"
    left.write_text("[\nhalf")
    write_array(tmp_path / "users.json", [1])
    assert (tmp_path / "users.json").read_text() == "[\n1\n]\n"
    assert not left.exists()


def test_a_file_that_a_shell_goes_on_with_keeps_what_it_has(tmp_path):
    path = tmp_path / "all.json"
    path.write_text("before\n")
    with path.open("ab") as file:
        write_array(Path(f"/dev/fd/{file.fileno()}"), [1])
    assert path.read_text() == "before\n[\n1\n]\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", ["folder", "file/users.json", "loop", "loop/users.json"])
def test_a_place_that_cannot_be_written_is_told(tmp_path, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OptionError, match=r"cannot write .*; give a path that can be written"):
        write_array(tmp_path / place, [1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "loop"]
    assert (tmp_path / "loop").is_symlink()


@pytest.mark.parametrize("value", [object(), "\ud800"])
def test_values_that_json_does_not_have_are_told(tmp_path, value):
    with pytest.raises(OptionError, match=r"users.json: expected values that JSON has, found another in line 2: \S"):
        write_array(tmp_path / "users.json", [{"id": 1}, {"id": value}])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected a JSON array of objects"),
        ("[1]", "expected a JSON array of objects"),
        ('{"id": 1}', "expected a JSON array of objects"),
        ("[]", "expected at least one user"),
        ('[{"id": 1}, {"name": "hunter2"}]', "found the fields 'name' in user 2; --id-field names the field"),
        ('[{"id": ""}]', "expected an id in the field 'id'"),
        ('[{"id": true}]', "expected an id in the field 'id'"),
        ("[{}]", "found no field in user 1"),
        ('[{"id": 1}, {"id": "1"}]', "found '1' again in user 2"),
        (b'[{"id": "\xff"}]', "expected a JSON array of objects"),
    ],
)
def test_a_file_that_holds_no_users_is_told(tmp_path, content, message):
    path = tmp_path / "users.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(OptionError, match="--users: ") as refused:
        read_users(path, "id")
    assert message in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_not_there_is_told_with_what_makes_it(tmp_path):
    with pytest.raises(
        OptionError, match=r"cannot be read: No such file.*`surgeline fixtures users --out .*` makes one"
    ):
        read_users(tmp_path / "users.json", "id")
