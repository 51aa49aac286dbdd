"""The ways to a MariaDB, each on its own, and that private servers leave nothing behind."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from surgeline_systems.servers import mariadb as ways
from surgeline_systems.servers import mariadb_private
from surgeline_systems.servers.identity import NAMESPACE, Identity, nobody
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.mariadb import MariaDB, answers, ask, fresh_database
from surgeline_systems.servers.mariadb_private import Programs

UNUSED_PORT = 1
DATABASE = f"surgeline_test_maria_ways_{os.getpid()}"


def needed(what: object, reason: str) -> None:
    if what is None and os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    if what is None:
        pytest.skip(reason)


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


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for temporary folders that other users can pass through, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)
        monkeypatch.undo()


def commands_with(text: str) -> list[str]:
    done = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if text in line]


@contextmanager
def nothing_left_in(folder: Path) -> Iterator[None]:
    yield
    assert list(folder.iterdir()) == []
    assert commands_with(str(folder)) == []


def test_a_running_server_is_found():
    running = ways.running_server()
    needed(running, "no MariaDB runs on 127.0.0.1:3306")
    assert running is not None
    expect_works(running)


def test_no_running_server_is_no_error():
    assert ways.running_server(port=UNUSED_PORT, places=["127.0.0.1", "/nowhere/socket"]) is None


def test_a_url_of_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch):
    with ways.mariadb() as server:
        url = server.url.replace("/mysql", "/information_schema")
        monkeypatch.setenv(ways.URL_VARIABLE, url)
        with ways.mariadb() as found:
            assert found.url == url
            assert found.origin.endswith(f"given by {ways.URL_VARIABLE}")
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
    monkeypatch.setenv(ways.URL_VARIABLE, url)
    with pytest.raises(ServerError, match=ways.URL_VARIABLE) as caught:
        ways.given_server()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(Identity(), id="ourselves", marks=pytest.mark.skipif(os.geteuid() == 0, reason="never as root")),
        pytest.param(Identity(prefix=NAMESPACE), id="namespace"),
        pytest.param(nobody(), id="nobody"),
    ],
)
def test_programs_are_started_privately_and_leave_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, identity: Identity
):
    if identity != Identity() and os.geteuid() != 0:
        pytest.skip("only root must become somebody else")
    if identity.prefix and subprocess.run([*NAMESPACE, "true"], check=False).returncode:
        pytest.skip("this machine forbids user namespaces")
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
    assert not answers(server.url.replace(password, "guess"))
    assert not answers(server.url.replace(f":{password}", ""))
    assert ask(server.url, "SELECT User, Host FROM mysql.user WHERE User <> 'mariadb.sys'") == (("root", "127.0.0.1"),)
    assert password not in server.origin


OWNER = """
import signal, sys, tempfile
tempfile.tempdir = sys.argv[1]
from surgeline_systems.servers.mariadb import host_programs, private_server
with private_server(host_programs()) as server:
    print(server.url, flush=True)
    signal.pause()
"""


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
    command = [sys.executable, "-c", OWNER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        assert answers(owner.stdout.readline().strip())
        owner.kill()
    deadline = time.monotonic() + 60
    while commands_with(str(folder)) or list(folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_without_any_way_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(ways.URL_VARIABLE, raising=False)
    monkeypatch.setattr(ways, "running_server", lambda: None)
    monkeypatch.setattr(ways, "host_programs", lambda: None)
    with pytest.raises(ServerError, match=f"{ways.URL_VARIABLE}=mysql://"), ways.mariadb():
        pass
