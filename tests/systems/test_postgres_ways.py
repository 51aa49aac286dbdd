"""The four ways to a PostgreSQL, each on its own, and that private servers leave nothing behind."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import ways_support
from ways_support import (
    AS_ROOT,
    UNUSED_PORT,
    commands_with,
    eventually,
    expect_gone_with_its_owner,
    needed,
    nothing_left_in,
)

from conftest import query
from surgeline_systems.application.migrations import migrate
from surgeline_systems.servers import launch as launching
from surgeline_systems.servers import postgres as ways
from surgeline_systems.servers.identity import Identity, nobody
from surgeline_systems.servers.launch import Launch, ServerError, launched
from surgeline_systems.servers.postgres import Postgres, postgres, with_database
from surgeline_systems.servers.postgres_private import private_postgres

DATABASE = f"surgeline_test_ways_{os.getpid()}"
BINARIES = {"host": ways.host_binaries, "wheel": ways.wheel_binaries}
folder, identity = ways_support.folder, ways_support.identity


def binaries_of(way: str) -> Path:
    binaries = BINARIES[way]()
    if binaries is None and any_way() != way:
        pytest.skip("none on this machine; the other way has its own turn")
    needed(binaries, f"no PostgreSQL binaries of the {way}")
    assert binaries is not None
    return binaries


def any_way() -> str:
    """The first way whose binaries are there."""
    return next((way for way, find in BINARIES.items() if find()), "host")


def expect_works(server: Postgres) -> None:
    database = with_database(server, DATABASE)
    try:
        assert query(database.url, "SELECT current_database() AS name")[0]["name"] == DATABASE
        assert with_database(server, DATABASE) == database
    finally:
        query(server.url, f"DROP DATABASE {DATABASE}")


# A URL


def test_a_given_environment_stands_for_the_one_of_the_process(server: Postgres, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SURGELINE_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    given = ways.standing_server({"DATABASE_URL": server.url})
    assert given is not None
    assert given.origin.endswith("given by DATABASE_URL")
    expect_works(given)


@pytest.mark.parametrize("name", ["SURGELINE_POSTGRES_URL", "DATABASE_URL"])
def test_a_url_of_the_environment_is_used(server: Postgres, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, server.url)
    found = ways.standing_server()
    assert found is not None
    assert found.origin.endswith(f"given by {name}")


def test_the_database_of_a_url_is_left_alone(server: Postgres):
    with postgres(DATABASE, {"DATABASE_URL": server.url}) as found:
        assert query(found.url, "SELECT current_database() AS name")[0]["name"] == DATABASE
    query(server.url, f"DROP DATABASE {DATABASE}")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:secret@127.0.0.1:{UNUSED_PORT}/shop",
        f"postgresql:///shop?host=127.0.0.1&port={UNUSED_PORT}&password=secret",
        "http://ann:secret@127.0.0.1/",
        "postgresql://ann:secret@[::",
        "postgresql://ann:secret@127.0.0.1:port/",
    ],
)
def test_a_given_url_that_does_not_work_is_an_error_without_its_secrets(url: str):
    with pytest.raises(ServerError, match=r"(given by|in) DATABASE_URL") as caught:
        ways.standing_server({"DATABASE_URL": url})
    assert "secret" not in str(caught.value)


# A running server


def test_a_running_server_is_found():
    with ways.private_server(binaries_of("wheel")) as server:
        port = urlsplit(server.url).port
        assert ways.running_server(port, ["127.0.0.1"]) is None
        query(server.url, "COPY (SELECT 'host all all 127.0.0.1/32 trust') TO PROGRAM 'cat > pg_hba.conf'")
        query(server.url, "SELECT pg_reload_conf()")
        eventually(lambda: ways.running_server(port, ["127.0.0.1"]) is not None)
        running = ways.running_server(port, ["/nowhere", "127.0.0.1"])
        assert running is not None
        assert running.origin.endswith(f"running at 127.0.0.1:{port}")
        expect_works(running)


def test_a_running_server_is_found_through_its_socket():
    running = ways.running_server(places=[place for place in ways.PLACES if place.startswith("/")])
    if running is None:
        pytest.skip("no PostgreSQL listens on a socket; our own have none")
    expect_works(running)


def test_no_running_server_is_no_error():
    assert ways.running_server(port=UNUSED_PORT) is None


# Binaries of the host and of the wheel


@pytest.mark.parametrize("way", BINARIES)
def test_binaries_are_started_privately_and_leave_nothing(folder: Path, way: str):
    with nothing_left_in(folder), ways.private_server(binaries_of(way)) as server:
        expect_works(server)
        assert query(server.url, "SHOW listen_addresses")[0][0] == "127.0.0.1"
        data = Path(query(server.url, "SHOW data_directory")[0][0])
        assert data.is_relative_to(folder)
        assert data.stat().st_mode & 0o077 == 0


def test_a_private_server_asks_for_its_password(folder: Path):
    with ways.private_server(binaries_of(any_way())) as server:
        password = server.url.split(":")[2].split("@")[0]
        assert not ways.KIND.answers(server.url.replace(password, "guess"))
        assert password not in server.origin


@pytest.mark.parametrize("way", BINARIES)
def test_as_root_it_runs_as_somebody_else(folder: Path, way: str, identity: Identity):
    with (
        nothing_left_in(folder),
        private_postgres(binaries_of(way), answers=ways.KIND.answers, identity=identity) as url,
    ):
        assert query(url, "SELECT 1")[0][0] == 1


@AS_ROOT
def test_binaries_that_nobody_can_reach_are_copied_and_their_folders_stay_closed(folder: Path):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    package = binaries_of("wheel").parents[1]
    for name in (package.name, f"{package.name}.libs"):
        (closed / name).symlink_to(package.with_name(name))
    binaries = closed / package.name / "pginstall" / "bin"
    with private_postgres(binaries, answers=ways.KIND.answers, identity=nobody()) as url:
        assert Path(query(url, "SHOW data_directory")[0][0]).with_name("copy").is_dir()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == [closed]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_a_private_server_goes_when_its_owner_is_killed(folder: Path, number: signal.Signals):
    binaries_of(any_way())
    expect_gone_with_its_owner(ways, f"{any_way()}_binaries", folder, number)


def test_who_may_not_make_databases_is_told_to_have_it_made(folder: Path):
    with ways.private_server(binaries_of(any_way())) as server:
        query(server.url, "CREATE ROLE ann LOGIN PASSWORD 'anns'")
        place = server.url.rpartition("@")[2]
        modest = ways.standing_server({"DATABASE_URL": f"postgresql://ann:anns@{place}"})
        assert modest is not None
        advice = f"CREATE DATABASE {DATABASE} OWNER ann"
        with pytest.raises(ServerError, match=f"{advice};"):
            with_database(modest, DATABASE)
        query(server.url, f"CREATE DATABASE {DATABASE}")
        assert with_database(modest, DATABASE).url == f"postgresql://ann:anns@{place.replace('postgres', DATABASE)}"
        query(with_database(server, DATABASE).url, "REVOKE CREATE ON SCHEMA public FROM public")  # as newer ones do
        with pytest.raises(ServerError, match="make the tables of messages in its database, found: permission denied"):
            make_tables(with_database(modest, DATABASE))
        query(server.url, f"DROP DATABASE {DATABASE}")
        query(server.url, advice)
        make_tables(with_database(modest, DATABASE))


def make_tables(database: Postgres) -> None:
    asyncio.run(migrate(database.url, "surgeline_systems.messages"))


# The order, and when nothing works


@pytest.fixture
def nothing_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "standing_server", lambda _environment: None)


@pytest.mark.usefixtures("nothing_standing")
def test_binaries_that_do_not_start_are_reported_and_the_wheel_is_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "initdb").write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
    (tmp_path / "initdb").chmod(0o755)
    monkeypatch.setattr(ways, "host_binaries", lambda: tmp_path)
    with postgres(DATABASE) as found:
        assert str(binaries_of("wheel")) in found.origin
    assert "out of order" in capsys.readouterr().err


@pytest.mark.usefixtures("nothing_standing")
def test_without_any_way_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ways, "host_binaries", lambda: None)
    monkeypatch.setattr(ways, "wheel_binaries", lambda: None)
    with pytest.raises(ServerError, match="SURGELINE_POSTGRES_URL=postgresql://") as caught, postgres(DATABASE):
        pass
    assert "no binaries" in str(caught.value)


# Launching as such


def launch(program: str, ready: Callable[[], bool] = lambda: True) -> Launch:
    commands = [[sys.executable, "-c", program]]
    return Launch("the program", commands, ready, stop_signals=[signal.SIGTERM], grace_seconds=0.1)


def test_a_server_that_ends_at_its_start_is_an_error_with_its_last_words():
    program = "import sys; print('no room'); sys.exit(4)"
    with (
        pytest.raises(ServerError, match="exit code 4 at its start:\n  no room"),
        launched(launch(program, lambda: False)),
    ):
        pass


def test_a_server_that_ignores_its_stop_is_killed_with_its_children(tmp_path: Path):
    pid = tmp_path / "pid"
    program = (
        "import os, pathlib, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"if not os.fork(): pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "signal.pause()"
    )
    with launched(launch(program, pid.exists)):
        pass
    eventually(lambda: not commands_with(str(pid)))


def test_a_server_that_does_not_end_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch):
    guards, start = [], launching._start_guard
    monkeypatch.setattr(launching, "_start_guard", lambda *given: guards.append(start(*given)) or guards[0])
    program = launch("import signal; signal.pause()")
    monkeypatch.setattr(launching, "GUARD_MARGIN_SECONDS", -program.grace_seconds)
    with pytest.raises(ServerError) as caught, launched(program):
        pass
    assert str(caught.value).startswith(f"the program: expected it to end within 0 s, found process {guards[0].pid}, ")
    guards[0].wait()


def test_a_server_that_pauses_has_not_ended(tmp_path: Path):
    pid, signals = tmp_path / "pid", tmp_path / "signals"
    program = (
        "import os, pathlib, signal\n"
        f"signal.signal(signal.SIGCONT, lambda *_: pathlib.Path({str(signals)!r}).write_text('CONT'))\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "while True: signal.pause()"
    )
    with launched(launch(program, lambda: pid.exists() and pid.read_text() != "")):
        process = int(pid.read_text())
        os.kill(process, signal.SIGSTOP)
        eventually(lambda: state_of(process) == "T")
        os.kill(process, signal.SIGCONT)
        eventually(signals.exists)


def state_of(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
