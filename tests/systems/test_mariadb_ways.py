"""The ways to a MariaDB, each on its own, and that private servers leave nothing behind."""

import getpass
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import ways_support
from ways_support import UNUSED_PORT, expect_gone_with_its_owner, needed, nothing_left_in

from surgeline_systems.servers import mariadb as ways
from surgeline_systems.servers import mariadb_private
from surgeline_systems.servers.identity import Identity
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.mariadb import MariaDB, ask, fresh_database
from surgeline_systems.servers.mariadb_private import Programs

DATABASE = f"surgeline_test_maria_ways_{os.getpid()}"
folder, identity = ways_support.folder, ways_support.identity


def programs() -> Programs:
    found = ways.host_programs()
    needed(found, "no MariaDB programs on this machine")
    assert found is not None
    return found


def expect_works(server: MariaDB) -> None:
    with fresh_database(server.url, DATABASE) as url:
        assert ask(url, f"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{DATABASE}'")
        assert url.partition("?")[0].endswith(f"/{DATABASE}")
    assert not ask(server.url, f"SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{DATABASE}'")


@pytest.fixture(scope="module")
def private() -> Iterator[MariaDB]:
    with ways.private_server(programs()) as server:
        yield server


@pytest.fixture
def dead_socket(tmp_path: Path) -> str:
    """What a server leaves behind that was killed: nobody listens there."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "dead"))
    return str(tmp_path / "dead")


@pytest.mark.parametrize("place", ["127.0.0.1", "socket"])
def test_a_running_server_is_found(place: str, private: MariaDB, dead_socket: str, monkeypatch: pytest.MonkeyPatch):
    places = [dead_socket, ask(private.url, "SELECT @@socket")[0][0] if place == "socket" else place]
    port = urlsplit(private.url).port
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert ways.running_server(port, places) is None
    host = "localhost" if place == "socket" else place
    ask(private.url, f"GRANT ALL ON *.* TO ann@{host} IDENTIFIED BY ''")
    running = ways.running_server(port, places)
    assert running is not None
    assert running.origin.partition(" running at ")[2].startswith(places[1])
    expect_works(running)


def test_no_running_server_is_no_error():
    assert ways.running_server(port=UNUSED_PORT, places=["127.0.0.1", "/nowhere/socket"]) is None


def test_a_url_of_the_environment_comes_first(private: MariaDB, monkeypatch: pytest.MonkeyPatch):
    url = private.url.replace("/mysql", "/information_schema")
    monkeypatch.setenv(ways.URL_VARIABLES[0], url)
    with ways.mariadb() as found:
        assert found.url == url
        assert found.origin.endswith(f"given by {ways.URL_VARIABLES[0]}")
        expect_works(found)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://ann:secret@127.0.0.1:{UNUSED_PORT}/shop",
        "http://ann:secret@127.0.0.1/",
        "mysql://ann:secret@[::",
        "mysql://ann:secret@127.0.0.1:port/",
    ],
)
def test_a_url_that_does_not_work_is_an_error_without_its_secrets(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(ways.URL_VARIABLES[0], url)
    with pytest.raises(ServerError, match=ways.URL_VARIABLES[0]) as caught:
        ways.standing_server()
    assert "secret" not in str(caught.value)


def test_programs_are_started_privately_and_leave_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, identity: Identity
):
    monkeypatch.setattr(mariadb_private, "usable_identity", lambda: identity)
    with nothing_left_in(folder), ways.private_server(programs()) as server:
        expect_works(server)
        settings = "SELECT @@bind_address, @@local_infile, @@datadir, @@tmpdir"
        ((address, local, data, temporary),) = ask(server.url, settings)
        assert (address, local) == ("127.0.0.1", 1)
        assert Path(data).is_relative_to(folder)
        assert Path(temporary).is_relative_to(folder)
        assert Path(data).stat().st_mode & 0o077 == 0
        expect_needs_its_password(server)


def expect_needs_its_password(server: MariaDB) -> None:
    password = server.url.split(":")[2].split("@")[0]
    assert not ways.KIND.answers(server.url.replace(password, "guess"))
    assert not ways.KIND.answers(server.url.replace(f":{password}", ""))
    assert ask(server.url, "SELECT User, Host FROM mysql.user WHERE User <> 'mariadb.sys'") == (("root", "127.0.0.1"),)
    assert password not in server.origin


def test_temporary_tables_of_other_servers_stay(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """A server that starts deletes those that it finds."""
    others = [folder / f"#sql-temptable-1-2-3.{ending}" for ending in ("MAI", "MAD")]
    for file in others:
        file.touch()
    monkeypatch.setenv("TMPDIR", str(folder))
    with ways.private_server(programs()):
        assert all(file.exists() for file in others)


def test_a_private_server_goes_when_its_owner_is_killed(folder: Path):
    programs()
    expect_gone_with_its_owner(ways, "host_programs", folder)


def test_without_any_way_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(ways.URL_VARIABLES[0], raising=False)
    monkeypatch.setattr(ways, "running_server", lambda: None)
    monkeypatch.setattr(ways, "host_programs", lambda: None)
    with pytest.raises(ServerError, match=f"{ways.URL_VARIABLES[0]}=mysql://"), ways.mariadb():
        pass
