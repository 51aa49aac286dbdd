"""Asking a service how it is: directly, and whatever answers there."""

import socket
from threading import Thread

import pytest
from conversations_stand_in import stand_in

from surgeline_systems.application.server import ask_health, is_healthy


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with stand_in() as base_url:
        assert ask_health(base_url) == (200, b"{}")


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_what_gives_no_whole_answer_is_not_healthy(said: bytes):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = Thread(target=answer_once, args=(listener, said))
        answering.start()
        assert not is_healthy(f"http://127.0.0.1:{listener.getsockname()[1]}")
        answering.join()


def answer_once(listener: socket.socket, said: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4_096)
        connection.sendall(said)
