"""What is up, and by whom: the state file, the lock, and a service that is started anew from afar."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Client, Listener
from pathlib import Path

import msgspec
import pytest
from command_support import eventually
from conversations_stand_in import stand_in

from conftest import query
from surgeline import SurgelineError
from surgeline.seeding.steps import Unseen
from surgeline_systems.application.server import ask_health
from surgeline_systems.backing import Backing
from surgeline_systems.keeping import RemoteService, bring_down, bring_up, status
from surgeline_systems.servers.launch import free_port
from surgeline_systems.servers.postgres import Postgres
from surgeline_systems.servers.ways import Server
from surgeline_systems.standing import Place, Standing, Wish, socket_name

WISH = Wish(system="coupons", port=3000, environment={"USERS": "300", "COUPONS": "40"}, with_seeds=True)
STANDING = Standing(
    wish=WISH,
    pid=os.getpid(),
    since=datetime(2026, 1, 1, tzinfo=UTC),
    base_url="http://127.0.0.1:1",
    sizes={"USERS": "300"},
    backing=Backing(
        database=Server("postgresql://ann:secret@127.0.0.1/db", "PostgreSQL 16"),
        redis=Server("redis://127.0.0.1/0", "Redis 7", private=True),
        rabbitmq=None,
    ),
    control="/nowhere",
    key=b"\x00\xff",
)
USUAL_CONNECTIONS = 10
OWNER = """
import sys, time
from pathlib import Path
from surgeline_systems.servers.ways import Server
from surgeline_systems.standing import Place
place = Place("coupons", Path(sys.argv[1]))
place.say_who(place.lock())
print("taken", flush=True)
time.sleep(600)
"""

CHATTERING = """
from surgeline_systems import holder
def keep(wish, place, steps):
    print("by the way", flush=True)
    steps.done()
holder.keep = keep
holder.main()
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("coupons", tmp_path / "systems")


def test_a_state_is_read_as_it_was_written_and_by_nobody_else(place: Place):
    place.folder.mkdir()
    place.write(STANDING)
    assert place.read() == STANDING
    assert place.state.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in place.folder.iterdir()] == ["coupons.json"]


@pytest.mark.parametrize("text", ['{"pid": 1}', "{"], ids=["another-version", "cut-off"])
def test_a_state_that_cannot_be_read_is_told_and_nobody_waits_for_it(place: Place, text: str):
    assert place.read() is None
    lock = place.lock()
    assert lock is not None
    place.state.write_text(text)
    for ask in (status, lambda place: bring_up(WISH, place, Unseen())):
        with pytest.raises(SurgelineError, match=r"as this version writes it.*`surgeline system down coupons` ends"):
            ask(place)
    os.close(lock)
    assert not bring_down(place)
    assert status(place).state == "down"


def test_the_lock_is_held_once_and_until_all_who_inherited_it_have_closed_it(place: Place):
    first = place.lock()
    assert first is not None
    assert place.lock() is None
    assert not place.is_free()
    inherited = os.dup(first)
    os.close(first)
    assert not place.is_free()
    os.close(inherited)
    assert place.is_free()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SurgelineError, match="expected a folder that can be written"):
        Place("coupons", tmp_path / "file" / "systems").lock()


def test_git_is_told_to_leave_what_holds_passwords_alone(place: Place):
    lock = place.lock()
    assert lock is not None
    place.write(STANDING)
    subprocess.run(["git", "init", "--quiet", place.folder.parent], check=True)
    status = ["git", "-C", place.folder.parent, "status", "--porcelain"]
    assert subprocess.run(status, capture_output=True, check=True).stdout == b""
    os.close(lock)


def test_looking_makes_no_files(place: Place):
    assert place.is_free()
    assert status(place).state == "down"
    assert not place.folder.exists()


def test_what_is_left_of_a_killed_process_is_told_once(place: Place):
    command = [sys.executable, "-c", OWNER, str(place.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "taken\n"
        assert place.holder() == owner.pid
        assert status(place).state == "changing"
        place.write(STANDING)
        assert (status(place).state, status(place).health) == ("up", None)
        assert not status(place).is_well
        owner.kill()
    dead = status(place)
    assert (dead.state, dead.standing) == ("dead", STANDING)
    assert status(place).state == "down"


def test_a_process_that_is_on_its_way_up_is_ended_too(place: Place):
    command = [sys.executable, "-c", OWNER, str(place.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "taken\n"
        assert bring_down(place)
    assert not bring_down(place)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"port": 3001}, r"the port \(expected 3001, found 3000\);"),
        ({"with_seeds": False}, r"seeds \(expected False, found True\);"),
        ({"environment": {"COUPONS": "40", "TOKEN": "secret"}}, r"settings \(TOKEN, USERS\);"),
        ({"environment": {"COUPONS": "secret", "USERS": "300"}}, r"settings \(COUPONS\);"),
    ],
    ids=["port", "seeds", "settings", "values"],
)
def test_up_otherwise_is_an_error_without_values(place: Place, change: dict[str, object], found: str):
    lock = place.lock()
    assert lock is not None
    try:
        with stand_in() as base_url:
            standing = msgspec.structs.replace(STANDING, base_url=base_url)
            place.write(standing)
            for port in (WISH.port, None):
                assert bring_up(msgspec.structs.replace(WISH, port=port), place, Unseen()) == (standing, True)
        with pytest.raises(SurgelineError, match=found) as caught:
            bring_up(msgspec.structs.replace(WISH, **change), place, Unseen())
        assert "secret" not in str(caught.value)
    finally:
        os.close(lock)


def test_up_of_what_does_not_answer_any_more_is_an_error(place: Place):
    lock = place.lock()
    assert lock is not None
    place.write(STANDING)
    try:
        with pytest.raises(SurgelineError, match=r"up already, but its service at http://127.0.0.1:1 does not answer"):
            bring_up(WISH, place, Unseen())
    finally:
        os.close(lock)


@pytest.fixture
def standing(own_server: Postgres, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    monkeypatch.setenv("SURGELINE_POSTGRES_URL", own_server.url)
    wish = msgspec.structs.replace(WISH, port=free_port())
    found, was_up = bring_up(wish, place, Unseen())
    assert not was_up
    yield found
    bring_down(place)


def connections(standing: Standing) -> int:
    """How many connections the service has to the database: as many as its settings say."""
    found = query(
        standing.backing.database.url,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'surgeline coupons'",
    )
    return found[0]["count"]


def test_the_service_has_other_settings_as_long_as_somebody_wants_it_so(standing: Standing, place: Place):
    assert connections(standing) == USUAL_CONNECTIONS
    service = RemoteService(standing)
    service.restore()  # nothing to restore
    assert service.start({"DB_MAX_CONNECTIONS": "3"}) == standing.base_url
    assert connections(standing) == 3
    with pytest.raises(SurgelineError, match="expected DB_MAX_CONNECTIONS to be a whole number"):
        service.start({"DB_MAX_CONNECTIONS": "1"})
    assert connections(standing) == 3
    service.restore()
    assert connections(standing) == USUAL_CONNECTIONS

    with pytest.raises(SurgelineError, match="to start the service anew"):
        RemoteService(msgspec.structs.replace(standing, key=b"guessed")).start({"DB_MAX_CONNECTIONS": "4"})
    service.start({"DB_MAX_CONNECTIONS": "4"})
    assert connections(standing) == 4
    service.close()  # as when its process is killed
    eventually(lambda: connections(standing) == USUAL_CONNECTIONS and status(place).is_well)


def test_a_service_that_is_stopped_starts_again_when_nobody_wants_it_stopped(standing: Standing, place: Place):
    service = RemoteService(standing)
    service.stop()
    assert ask_health(standing.base_url) is None
    service.restore()
    assert status(place).is_well
    service.stop()
    service.close()  # as when its process is killed
    eventually(lambda: status(place).is_well)


def test_others_cannot_even_knock_at_the_process_that_keeps_it_up(standing: Standing, place: Place):
    assert Path(standing.control).is_socket()
    assert place.control.stat().st_mode & 0o777 == 0o700
    bring_down(place)
    assert not place.control.exists()
    assert "Traceback" not in place.log.read_text()


def test_a_socket_may_be_in_a_folder_as_deep_as_folders_are(tmp_path: Path):
    place = Place("coupons", tmp_path / ("deep" * 60))
    place.folder.mkdir()
    with socket_name(place.control) as name, Listener(name, "AF_UNIX") as listener:
        assert place.control.is_socket()
        with socket_name(place.control) as other, Client(other, "AF_UNIX") as here, listener.accept() as there:
            here.send("a wish")
            assert there.recv() == "a wish"
    assert list(place.folder.iterdir()) == []


def test_what_is_printed_in_the_process_that_keeps_it_up_is_no_step(place: Place):
    lock = place.lock()
    assert lock is not None
    command = [sys.executable, "-c", CHATTERING, str(place.folder), str(lock)]
    told = subprocess.run(command, input=msgspec.json.encode(WISH), pass_fds=[lock], capture_output=True, check=True)
    os.close(lock)
    assert (told.stdout, told.stderr) == (b'["done"]\n', b"by the way\n")
