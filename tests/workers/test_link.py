"""Messages over a socket: whole, in order, of any size, and an end that is noticed."""

import socket
import threading

import pytest

from surgeline.engine.loop import close_loop, new_loop
from surgeline.workers.link import Link, receive, send

BIG = bytes(range(256)) * 20_000


@pytest.fixture
def loop():
    loop, _ = new_loop()
    yield loop
    if not loop.is_closed():
        close_loop(loop)


@pytest.fixture
def sockets():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


class Listener:
    def __init__(self, loop, sock, until=None):
        self.messages = []
        self.ends = 0
        self._loop, self._until = loop, until
        self.link = Link(loop, sock, self.take, self.end)

    def take(self, message):
        self.messages.append(message)
        if len(self.messages) == self._until:
            self._loop.stop()

    def end(self):
        self.ends += 1
        self._loop.stop()


@pytest.mark.parametrize("messages", [[1, "two", {"three": 3}], [BIG, None, BIG], list(range(1000))])
def test_both_ways(loop, sockets, messages):
    ours, theirs = sockets
    listener = Listener(loop, ours, until=len(messages))
    answers = []

    def other():
        answers.extend(receive(theirs) for _ in messages)
        for message in messages:
            send(theirs, message)

    thread = threading.Thread(target=other)
    thread.start()
    for message in messages:
        listener.link.send(message)
    loop.run_forever()
    thread.join()
    assert answers == listener.messages == messages
    listener.link.close()


def test_an_end_comes_after_the_last_message_and_once(loop, sockets):
    ours, theirs = sockets
    listener = Listener(loop, ours)
    send(theirs, "last")
    theirs.sendall(b"\0\0\0")  # half of a length
    theirs.close()
    loop.run_forever()
    assert (listener.messages, listener.ends) == (["last"], 1)
    listener.link.send("to nobody")
    listener.link.drain(5)
    listener.link.close()
    assert listener.ends == 1


def test_sending_to_one_who_is_gone(loop, sockets):
    ours, theirs = sockets
    listener = Listener(loop, ours)
    theirs.close()
    listener.link.send(BIG)
    loop.run_forever()
    assert listener.ends == 1
    listener.link.close()


def test_what_is_left_when_the_loop_is_closed(loop, sockets):
    ours, theirs = sockets
    listener = Listener(loop, ours)
    received = []
    thread = threading.Thread(target=lambda: received.append(receive(theirs)))
    close_loop(loop)
    listener.link.send(BIG)
    thread.start()
    listener.link.flush()
    thread.join()
    send(theirs, "answer")
    theirs.close()
    listener.link.drain(5)
    assert (received, listener.messages, listener.ends) == ([BIG], ["answer"], 1)


def test_waiting_for_a_message_of_one_who_is_gone(sockets):
    ours, theirs = sockets
    theirs.close()
    with pytest.raises(EOFError):
        receive(ours)
