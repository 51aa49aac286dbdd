"""Servers that refuse, fail or hang: the load goes on, it is said once, and what is missing is told exactly."""

import logging
import time

import pytest
from push_support import Load, Server, facts, running_server

from surgeline.metrics.names import HTTP_REQS
from surgeline.outputs import otel, prometheus, push
from surgeline.outputs.otel import make_otel
from surgeline.outputs.prometheus import make_prometheus

KINDS = [make_otel, make_prometheus]
TOLD = "the figures were not taken"


@pytest.fixture(autouse=True)
def push_seconds(monkeypatch):
    """Sets how long a push waits for its answer: longer than any takes, unless a test wants it shorter."""

    def set_seconds(seconds):
        for module in (otel, prometheus, push):
            monkeypatch.setattr(module, "PUSH_SECONDS", seconds)

    set_seconds(60)
    return set_seconds


@pytest.fixture(autouse=True)
def quiet(capfd):
    yield
    assert capfd.readouterr() == ("", ""), "a library wrote to the terminal"


def started(make, url, messages):
    output = make(url)
    output.start(facts(messages))
    return output


def wait_until_pushed(output, server):
    while output._queue.waiting:
        server.released.wait(0.001)


@pytest.mark.parametrize("make", KINDS)
def test_a_refused_connection(make, push_seconds):
    push_seconds(0.2)
    server, messages = Server(), []
    server.stop()
    output = started(make, f"{server.url}/w", messages)
    Load().seconds(output, 33)
    output.finish(None)

    assert TOLD in messages[0]
    assert "Connection refused" in messages[0]
    assert len(messages) == 2
    assert messages[1].startswith(f"{output._name}: the last 33 of 33 s did not arrive; ")


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_server_that_does_not_take_it(make, status, push_seconds):
    push_seconds(0.2)
    messages = []
    with running_server() as server:
        server.status = status
        output = started(make, f"{server.url}/w", messages)
        Load().seconds(output, 7)
        output.finish(None)

    assert len(messages) == 2
    assert TOLD in messages[0]
    assert messages[1].startswith(f"{output._name}: the last 7 of 7 s did not arrive; ")


@pytest.mark.parametrize("make", KINDS)
def test_a_server_that_hangs(make, push_seconds):
    """All 300 seconds of the load are over before the server ever answers."""
    push_seconds(0.2)
    messages = []
    with running_server() as server:
        server.hanging = True
        output = started(make, f"{server.url}/w", messages)
        Load().seconds(output, 300)
        assert not server.released.is_set()
        output.finish(None)

    assert [TOLD in message for message in messages] == [True, False]
    assert "no answer within 0.2 s" in messages[0]
    assert messages[1].startswith(f"{output._name}: the last 300 of 300 s did not arrive; ")


@pytest.mark.parametrize("make", KINDS)
def test_a_push_that_never_ends_is_given_up(make, monkeypatch):
    monkeypatch.setattr(push, "PATIENCE_SECONDS", 0.1)
    messages = []
    with running_server() as server:
        server.hanging = True
        output = started(make, f"{server.url}/w", messages)
        Load().seconds(output, 20)
        output.finish(None)
        assert not server.released.is_set()
    output._queue._thread.join(60)

    assert not output._queue._thread.is_alive()
    assert messages[-1].startswith(f"{output._name}: the last 20 of 20 s did not arrive; ")


@pytest.mark.parametrize("make", KINDS)
def test_a_server_that_recovers_gets_everything(make):
    messages = []
    load = Load()
    with running_server() as server:
        server.status = 400
        output = started(make, f"{server.url}/w", messages)
        for _ in range(10):
            load.seconds(output, 1)
            wait_until_pushed(output, server)
        server.status = 200
        load.seconds(output, 5)
        output.finish(None)

    assert TOLD in messages[0]
    assert messages[1].endswith("the last one arrived, and with it everything.")


@pytest.mark.parametrize("make", KINDS)
def test_a_server_that_breaks_down_misses_only_the_end(make):
    messages = []
    load = Load()
    with running_server() as server:
        output = started(make, f"{server.url}/w", messages)
        for _ in range(10):
            load.seconds(output, 1)
            wait_until_pushed(output, server)
        server.status = 400
        load.seconds(output, 4)
        output.finish(None)

    assert messages[-1].startswith(f"{output._name}: the last 4 of 14 s did not arrive; ")


def test_a_redirection_is_no_success_for_opentelemetry():
    messages = []
    with running_server() as server:
        server.status = 302
        output = started(make_otel, server.url, messages)
        Load().seconds(output, 3)
        output.finish(None)

    assert "302 Found" in messages[0]
    assert messages[1].startswith(f"{output._name}: the last 3 of 3 s did not arrive; ")


@pytest.mark.parametrize("make", KINDS)
def test_tags_that_are_no_unicode_do_not_stop_a_push(make):
    messages, load = [], Load()
    load.registry.cell(HTTP_REQS, {"name": "\udcff", "\udcfe": "x"}).add(1.0)
    with running_server() as server:
        output = started(make, server.url, messages)
        load.seconds(output, 1)
        output.finish(None)

    assert messages == []
    assert len(server.posts) == 1


def test_a_password_is_in_no_message(push_seconds):
    push_seconds(0.2)
    server, messages = Server(), []
    server.stop()
    for make in KINDS:
        output = started(make, f"http://me:hunter2@127.0.0.1:{server.port}/w", messages)
        Load().seconds(output, 2)
        output.finish(None)

    assert len(messages) == 4
    assert "hunter2" not in str(messages)


class Taken:
    """A sender that keeps when it was sent, and refuses from then on."""

    per_push = ()

    def __init__(self, refuses_after):
        self.refuses_after = refuses_after
        self.sent = []

    def send(self, totals, since, until):
        if len(self.sent) >= self.refuses_after:
            raise push.PushError("no")
        self.sent.append((since, until))

    def close(self):
        pass


def run_with_tear_down(sender, every):
    """Set-up, half a second of load, tear-down that records something; returns the messages."""
    messages, load = [], Load()
    output = push.Push("it", every, lambda _facts: sender)
    output.start(facts(messages))
    for second, seconds in ((-1, 0.0), (0, 0.5), (-2, 0.5)):
        load._record()
        output.take(second, load.registry.rotate())
        output.end_second(second, seconds)
        while output._queue.waiting:
            time.sleep(0.001)
    output.finish(None)
    return messages


def test_of_a_run_shorter_than_a_second_nothing_arrives():
    messages = run_with_tear_down(Taken(0), every=5)
    assert messages[1:] == ["it: the last 1 of 1 s did not arrive; 1 of 1 pushes failed."]


def test_what_tear_down_recorded_is_pushed_too():
    sender = Taken(9)
    assert run_with_tear_down(sender, every=1) == []
    assert sender.sent == [(0.0, 0.5), (0.5, 0.5)]


def test_what_tear_down_recorded_does_not_arrive():
    messages = run_with_tear_down(Taken(1), every=1)
    assert messages[1:] == ["it: what tear-down recorded did not arrive; 1 of 2 pushes failed."]


def test_logging_is_as_it_was_before(push_seconds):
    push_seconds(0.2)
    before = list(logging.getLogger("opentelemetry.exporter").handlers)
    server = Server()
    server.stop()
    output = started(make_prometheus, server.url, [])
    Load().seconds(output, 1)
    output.finish(None)

    assert logging.getLogger("opentelemetry.exporter").handlers == before


def test_a_defect_of_ours_is_told_once_and_the_load_goes_on():
    class Broken:
        per_push = ()

        def send(self, totals, since, until):
            raise TypeError("no")

        def close(self):
            pass

    messages = []
    output = push.Push("broken", 5, lambda _facts: Broken())
    output.start(facts(messages))
    Load().seconds(output, 12)
    output.finish(None)

    assert messages[0] == "broken: TypeError: no; nothing more is written to it."
    assert messages[1].endswith("pushes were left out.")
    assert messages[2] == "broken: the last 12 of 12 s did not arrive; 1 of 1 pushes failed."


def test_set_up_counts_as_well_and_is_not_pushed_alone():
    sent = []

    class Sender:
        per_push = ()

        def send(self, totals, since, until):
            sent.append(({series.metric.name: value for series, value in totals}, since, until))

        def close(self):
            sent.append("closed")

    messages = []
    load = Load()
    load.second = -2
    output = push.Push("good", 5, lambda _facts: Sender())
    output.start(facts(messages))
    load.seconds(output, 1)
    assert not output._queue.waiting or not sent
    load.seconds(output, 3)
    output.finish(None)

    ((_values, since, until), closed) = sent
    assert (since, until, closed, messages) == (0.0, 3.0, "closed", [])
