"""A run that is steered: by HTTP on this machine, by the keys of a terminal, and never by nonsense."""

import asyncio
import http.client
import json
import os
import pty
import signal
import socket
import termios
from contextlib import closing

import pytest
from engine_support import SECOND, our_loop, run_scenarios
from executor_support import briefly, until

from surgeline.engine.control import control_server, parse_address
from surgeline.engine.executors import ConstantVUs, ExternallyControlled
from surgeline.engine.keyboard import KEYS, keyboard, keys_in, press
from surgeline.engine.scenario import Scenario
from surgeline.engine.steering import Change, Steering, Target, parse_change
from surgeline.errors import OptionError

ANYWHERE = ("127.0.0.1", 0)
USERS = ExternallyControlled(2, None, 10, None)
RATE = ExternallyControlled(None, 100, 1_000, None)


def steered(drive, *scenarios):
    """Run scenarios; `drive(steering, execution)` is awaited beside them."""

    async def beside(execution):
        controlled = [one.name for one in scenarios if isinstance(one.executor, ExternallyControlled)]
        await until(lambda: set(controlled) <= set(execution.context.controls))
        await drive(Steering(execution), execution)

    return run_scenarios(*scenarios, stop_when=beside)


def ask(url, method="GET", body=None, path="/status", **headers):
    """Make a request; blocks, so for a thread of its own."""
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def served(drive, *scenarios):
    """Run scenarios with a control server; `drive(url, request)` is awaited beside them."""

    async def beside(steering, execution):
        loop = asyncio.get_running_loop()
        with control_server(steering, loop, ANYWHERE) as url:

            async def request(*arguments, **options):
                return await asyncio.to_thread(ask, url, *arguments, **options)

            await drive(url, request)

    return steered(beside, *scenarios)


# The control server


def test_status_says_how_the_run_stands():
    async def drive(url, request):
        await asyncio.sleep(0.02)
        status, answer = await request()
        assert status == 200
        assert answer["elapsed"] >= 0.02
        assert answer["stopped"] is False
        assert answer["vus"] == 3
        assert answer["dropped"] == 0
        assert answer["scenarios"]["one"]["control"] == {"vus": 2}
        assert answer["scenarios"]["one"]["vus"] == 2
        assert answer["scenarios"]["other"]["control"] is None
        assert answer["iterations"] == sum(one["iterations"] for one in answer["scenarios"].values()) > 0

    served(drive, Scenario("one", briefly, USERS), Scenario("other", briefly, ConstantVUs(1, 600 * SECOND)))


def test_users_and_rates_are_changed_by_name():
    async def drive(url, request):
        status, answer = await request("PATCH", '{"scenario": "one", "vus": 5}')
        assert (status, answer["scenarios"]["one"]["control"]) == (200, {"vus": 5})
        status, answer = await request("PATCH", '{"scenario": "other", "rate": 7}')
        assert (status, answer["scenarios"]["other"]["control"]) == (200, {"rate": 7})

    ran = served(drive, Scenario("one", briefly, USERS), Scenario("other", briefly, RATE))
    assert len(ran.runs[0].users) == 5


def test_without_a_name_it_is_the_only_scenario_of_the_kind():
    answers = []

    async def drive(url, request):
        answers.append(await request("PATCH", '{"rate": 7}'))
        answers.append(await request("PATCH", '{"vus": 5}'))

    served(drive, *(Scenario(name, briefly, how) for name, how in [("one", USERS), ("two", RATE), ("three", USERS)]))
    assert answers[0][1]["scenarios"]["two"]["control"] == {"rate": 7}
    assert answers[1] == (400, {"error": "scenario: expected one of one, three, found none given"})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_another_method_is_answered_in_json(method):
    with (
        our_loop() as (loop, _poller),
        control_server(None, loop, ANYWHERE) as url,
        closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)) as connection,
    ):
        connection.request(method, "/status", '{"vus": 1}')
        response = connection.getresponse()
        assert (response.status, response.getheader("Allow")) == (405, "GET, PATCH")
        assert json.loads(response.read()) == {"error": f"expected GET or PATCH, found {method}"}


def test_what_is_no_http_is_answered_in_json():
    with our_loop() as (loop, _poller), control_server(None, loop, ANYWHERE) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(b"nonsense and more of it HTTP/9.9\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b'{"error": ' in answer
    assert b"<html" not in answer.lower()


def test_one_scenario_is_stopped_and_then_the_run():
    async def drive(url, request):
        await request("PATCH", '{"scenario": "one", "stopped": true}')
        status, answer = await request("PATCH", '{"stopped": true}')
        assert (status, answer["stopped"]) == (200, True)
        await asyncio.sleep(60)

    served(drive, Scenario("one", briefly, USERS), Scenario("other", briefly, RATE))


def test_nonsense_gets_an_answer_that_says_what_is_expected():
    async def drive(url, request):
        for body, message in [
            ("", "expected JSON"),
            ("{", "expected JSON"),
            ("[" * 60_000, "expected JSON"),
            (b"\xff\xfe", "expected JSON"),
            ("[]", '{"vus": 10}'),
            ("{}", "found neither"),
            ('{"vus": 1, "rate": 1}', "found vus, rate"),
            ('{"users": 1}', "found users"),
            ('{"vus": "1"}', "vus: expected a whole number, found '1'"),
            ('{"vus": true}', "vus: expected a whole number, found True"),
            ('{"vus": 11}', "vus: expected a whole number from 0 to 10, found 11"),
            ('{"vus": -1}', "vus: expected a whole number from 0 to 10, found -1"),
            ('{"rate": 1}', "rate: expected vus"),
            ('{"stopped": false}', "stopped: expected true"),
            ('{"scenario": 5, "vus": 1}', "scenario: expected a name"),
            ('{"scenario": "two", "vus": 1}', "scenario: expected one of one, found 'two'"),
        ]:
            status, answer = await request("PATCH", body)
            assert status == 400
            assert message in answer["error"]
        assert (await request("PATCH", "x" * 70_000))[0] == 400
        assert (await request(path="/"))[0] == 404
        assert (await request(Host="somewhere.example:80"))[0] == 403
        assert (await request())[1]["scenarios"]["one"]["control"] == {"vus": 2}

    served(drive, Scenario("one", briefly, USERS))


def test_nothing_is_controlled():
    async def drive(url, request):
        status, answer = await request("PATCH", '{"vus": 1}')
        assert (status, "externally_controlled" in answer["error"]) == (400, True)

    served(drive, Scenario("one", briefly, ConstantVUs(1, 600 * SECOND)))


def test_a_connection_that_says_nothing_holds_nobody_up():
    async def drive(url, request):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))):
            assert (await request())[0] == 200

    served(drive, Scenario("one", briefly, USERS))


def test_a_loop_that_is_closed():
    with our_loop() as (loop, _poller):
        pass
    with control_server(None, loop, ANYWHERE) as url:
        assert ask(url, "PATCH", '{"vus": 1}') == (503, {"error": "the run has ended"})


def test_an_address_that_is_taken():
    with (
        socket.create_server(ANYWHERE) as taken,
        pytest.raises(OptionError, match="--control: expected a free address"),
        control_server(None, None, taken.getsockname()),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ("127.0.0.1", 6565)),
        ("8000", ("127.0.0.1", 8000)),
        (":8000", ("127.0.0.1", 8000)),
        ("localhost", ("127.0.0.1", 6565)),
        ("localhost:8000", ("127.0.0.1", 8000)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
    ],
)
def test_addresses(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["0.0.0.0:80", "example.com", "127.0.0.1:x", "70000", "::1", "127.0.0.1:-1", "٣"])
def test_other_addresses_are_refused(text):
    with pytest.raises(OptionError, match=r"^--control: expected 127\.0\.0\.1:PORT"):
        parse_address(text)


def test_parse_change():
    assert parse_change({"vus": 5}) == Change(vus=5)
    assert parse_change({"scenario": "one", "rate": 0}) == Change("one", rate=0)
    assert parse_change({"scenario": None, "stopped": True}) == Change(stopped=True)


# The keyboard


class Recorded:
    """A steering that keeps what it is asked."""

    def __init__(self, **targets):
        self._targets = targets
        self.changes = []

    def targets(self):
        return self._targets

    def change(self, change):
        self.changes.append(change)


@pytest.mark.parametrize(
    ("key", "target", "changed"),
    [
        (b"+", Target("vus", 100, 1_000), Change("one", vus=110)),
        (b"-", Target("vus", 100, 1_000), Change("one", vus=90)),
        (b"+", Target("rate", 3, 1_000), Change("one", rate=4)),
        (b"-", Target("rate", 0, 1_000), Change("one", rate=0)),
        (b"+", Target("vus", 100, 105), Change("one", vus=105)),
        (b"\x1b[A", Target("vus", 100, 1_000), Change("one", vus=101)),
        (b"\x1b[B", Target("rate", 100, 1_000), Change("one", rate=99)),
        (b"q", Target("vus", 100, 1_000), Change(stopped=True)),
    ],
)
def test_keys(key, target, changed):
    steering, messages = Recorded(one=target), []
    press(key, steering, messages.append)
    assert steering.changes == [changed]
    assert len(messages) == 1


def test_keys_where_there_is_nothing_to_change_and_keys_that_are_none():
    steering, messages = Recorded(), []
    for key in (b"+", b"x", b"\x1b", b"\x1b[C", b"\n"):
        press(key, steering, messages.append)
    assert steering.changes == []
    assert messages == ["No scenario is externally controlled: there is nothing to change."]


def test_keys_in():
    assert keys_in(b"+-\x1b[A\x1bOBq\x1b") == [b"+", b"-", b"\x1b[A", b"\x1bOB", b"q", b"\x1b"]


def in_front(monkeypatch):
    """A terminal of a test is not the one that the test runs in."""
    monkeypatch.setattr(os, "tcgetpgrp", lambda _fd: os.getpgrp())


def test_a_terminal_steers_a_run_and_is_as_before_at_its_end(monkeypatch):
    in_front(monkeypatch)
    messages = []
    master, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)

    async def drive(steering, execution):
        with keyboard(steering, asyncio.get_running_loop(), messages.append, terminal):
            assert termios.tcgetattr(terminal) != before
            os.write(master, b"\x1b[A+")
            await until(lambda: len(messages) == 3)
            assert steering.targets()["one"].value == 4
            os.write(master, b"q")
            await execution.context.stopping.wait()

    try:
        steered(drive, Scenario("one", briefly, USERS))
        assert termios.tcgetattr(terminal) == before
    finally:
        os.close(master)
        os.close(terminal)
    assert messages[:3] == [f"Keys: {KEYS}.", "one: 3 virtual users", "one: 4 virtual users"]


def test_a_process_that_goes_on_takes_the_terminal_again(monkeypatch):
    in_front(monkeypatch)
    messages = []
    handler = signal.getsignal(signal.SIGCONT)
    master, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    is_cbreak = lambda: not termios.tcgetattr(terminal)[3] & termios.ICANON  # noqa: E731

    async def drive(steering, execution):
        with keyboard(steering, asyncio.get_running_loop(), messages.append, terminal):
            termios.tcsetattr(terminal, termios.TCSANOW, before)  # as a shell does when the process is stopped
            signal.raise_signal(signal.SIGCONT)
            await until(is_cbreak)
            os.write(master, b"+")
            await until(lambda: len(messages) == 2)
            monkeypatch.setattr(os, "tcgetpgrp", lambda _fd: os.getpgrp() + 1)  # it goes on in the background
            termios.tcsetattr(terminal, termios.TCSANOW, before)
            signal.raise_signal(signal.SIGCONT)
            await until(lambda: not asyncio.get_running_loop().remove_reader(terminal))
            steering.change(Change(stopped=True))

    try:
        steered(drive, Scenario("one", briefly, USERS))
        assert termios.tcgetattr(terminal) == before
    finally:
        os.close(master)
        os.close(terminal)
    assert signal.getsignal(signal.SIGCONT) is handler


def test_a_terminal_that_goes_away_is_read_no_more(monkeypatch):
    in_front(monkeypatch)
    read_end, write_end = os.pipe()
    monkeypatch.setattr(os, "isatty", lambda _fd: True)
    monkeypatch.setattr("surgeline.engine.keyboard.termios.tcgetattr", lambda _fd: [])
    monkeypatch.setattr("surgeline.engine.keyboard.termios.tcsetattr", lambda *_arguments: None)
    monkeypatch.setattr("surgeline.engine.keyboard.tty.setcbreak", lambda _fd: None)
    with our_loop() as (loop, _poller), keyboard(Recorded(), loop, print, read_end):
        os.close(write_end)
        loop.run_until_complete(asyncio.sleep(0.01))
        assert loop.remove_reader(read_end) is False
    os.close(read_end)


def test_what_is_no_terminal_is_left_alone():
    read_end, write_end = os.pipe()
    with our_loop() as (loop, _poller), keyboard(Recorded(), loop, print, read_end):
        assert loop.remove_reader(read_end) is False
    os.close(read_end)
    os.close(write_end)


def test_a_terminal_of_others_is_left_alone(monkeypatch):
    monkeypatch.setattr(os, "tcgetpgrp", lambda _fd: os.getpgrp() + 1)
    master, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    with our_loop() as (loop, _poller), keyboard(Recorded(), loop, print, terminal):
        assert termios.tcgetattr(terminal) == before
    os.close(master)
    os.close(terminal)
