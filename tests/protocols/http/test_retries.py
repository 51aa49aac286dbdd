"""Requests that are sent again: when, how often, and with what."""

import asyncio
from types import SimpleNamespace

import pytest
from http_lab import Peer, answering, free_port, ok, play, silence, turns
from routes_lab import answer, counted, one_by_one, received, routes, total

from surgeline.metrics import names
from surgeline.protocols.http.exchange import Retry
from surgeline.protocols.http.options import HttpOptions

BUSY = answer(503, "Retry-After: 0")
NOW = Retry(3, wait=0)


def test_never_by_default():
    async def scene(lab):
        response = await lab.http.get("/")
        return response.status, response.retries, response.history, lab.series(names.HTTP_REQ_RETRIES)

    assert play(answering(BUSY), scene) == (503, 0, (), [])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("retries", [NOW, 3])
def test_a_status_worth_another_try(status, retries):
    async def scene(lab):
        response = await lab.http.get("/x", retries=retries, tags={"kind": 5}, name="n")
        assert (response.status, response.retries) == (200, 2)
        assert [(one.status, one.ok) for one in response.history] == [(status, False)] * 2
        tags, value = lab.only(names.HTTP_REQ_RETRIES)
        assert (value.count, tags) == (2, {"scenario": "lab", "kind": "5", "method": "GET", "name": "n"})
        return counted(lab), lab.server.connections

    busy = answer(status, "Retry-After: 0")
    assert play(routes({"/x": one_by_one(busy, busy, ok())}), scene) == (
        [("GET", "n", "200", "true"), *[("GET", "n", str(status), "false")] * 2],
        1,
    )


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_other_statuses_are_answers(status):
    async def scene(lab):
        response = await lab.http.get("/", retries=NOW)
        return response.status, response.retries, len(lab.server.requests)

    assert play(answering(answer(status)), scene) == (status, 0, 1)


def test_statuses_of_a_script():
    async def scene(lab):
        return [(await lab.http.get("/", retries=Retry(1, statuses=[404], wait=0))).retries for _ in range(2)]

    assert play(answering(answer(404), ok(), answer(503)), scene) == [1, 0]


def test_the_last_answer_stands():
    async def scene(lab):
        response = await lab.http.get("/", retries=NOW)
        return response.status, response.ok, response.retries, len(response.history), len(lab.server.requests)

    assert play(answering(BUSY), scene) == (503, False, 3, 3, 4)


def closing(peer: Peer):
    peer.cut()


def resetting(peer: Peer):
    peer.reset()


@pytest.mark.parametrize(("end", "code"), [(closing, 1221), (resetting, 1220)])
def test_a_connection_that_ends(end, code):
    async def handler(peer: Peer):
        while await peer.request():
            if peer.server.connections > 2:
                await peer.send(ok(b"third"))
            else:
                end(peer)

    async def scene(lab):
        response = await lab.http.post("/", data=b"body", retries=NOW)
        assert [one.error_code for one in response.history] == [code, code]
        assert [one.body for one in received(lab)] == [b"body"] * 3
        return response.body, response.retries, lab.server.connections, total(lab, names.HTTP_REQS)

    assert play(handler, scene) == (b"third", 2, 3, 3)


def test_refused():
    async def scene(lab):
        response = await lab.http.get(f"http://127.0.0.1:{free_port()}/", retries=Retry(2, wait=0))
        assert [one.error_code for one in response.history] == [1212, 1212]
        return response.error_code, response.retries, lab.only()[1].count, lab.only(names.HTTP_REQ_RETRIES)[1].count

    assert play(None, scene) == (1212, 2, 3, 2)


def test_the_deadline_is_for_all_tries():
    async def scene(lab):
        response = await lab.http.get("/", retries=NOW, timeout=0.03)
        return response.error_code, response.retries, response.history, lab.series(names.HTTP_REQ_RETRIES)

    assert play(silence, scene) == (1050, 0, (), [])


@pytest.mark.parametrize("asked", ["1000", "999999999999", "9" * 400])
def test_a_wait_that_would_end_after_the_deadline_is_not_begun(asked):
    async def scene(lab):
        response = await lab.http.get("/", retries=Retry(3, longest=600), timeout=5)
        return response.status, response.retries, response.history, lab.series(names.HTTP_REQ_RETRIES)

    assert play(answering(answer(503, f"Retry-After: {asked}")), scene) == (503, 0, (), [])


def test_what_came_before_is_in_the_answer_that_the_deadline_left():
    async def scene(lab):
        response = await lab.http.get("/", retries=3, timeout=5)
        return response.retries, len(response.history), lab.only(names.HTTP_REQ_RETRIES)[1].count

    assert play(answering(BUSY, answer(503, "Retry-After: 9")), scene) == (1, 1, 1)


def test_a_try_after_a_wait_is_timed_out_though_nothing_else_was_under_way():
    async def handler(peer: Peer):
        while request := await peer.request():
            if b" /first" in request:
                await peer.send(ok())
            elif len(peer.server.requests) == 2:
                await peer.send(answer(503))

    async def scene(lab):
        # The earlier deadline is what the session looks at; the later one it has to find while the call waits.
        lab_first = lab.http.get("/first", timeout=0.05)
        call = lab.http.get("/", retries=Retry(1, wait=0.1), timeout=0.2)
        await lab_first
        response = await call
        return response.error_code, response.retries

    assert play(handler, scene) == (1050, 1)


def test_a_generator_is_not_sent_again():
    async def handler(peer: Peer):
        await peer.request()
        assert await peer.reader.readuntil(b"0\r\n\r\n") == b"2\r\nab\r\n0\r\n\r\n"
        await peer.send(BUSY)

    async def scene(lab):
        response = await lab.http.post("/", data=iter([b"ab"]), retries=NOW)
        (note,) = lab.notes
        assert "could not be sent again, so its answer was returned" in note
        return response.status, response.retries, lab.series(names.HTTP_REQ_RETRIES)

    assert play(handler, scene) == (503, 0, [])


def test_a_file_and_a_list_are_sent_again(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"z" * 100_000)

    async def handler(peer: Peer):
        while head := await peer.request():
            if b"chunked" in head:
                bodies.append(await peer.reader.readuntil(b"0\r\n\r\n"))
            await peer.send(BUSY if len(peer.server.requests) % 2 else ok())

    async def scene(lab):
        await lab.http.post("/", data=path, retries=NOW)
        await lab.http.post("/", data=[b"ab", b"c"], retries=NOW)
        return [len(one.body) for one in received(lab)]

    bodies = []
    assert play(handler, scene) == [100_000, 100_000, 0, 0]
    assert bodies == [b"3\r\nabc\r\n0\r\n\r\n"] * 2


@pytest.mark.parametrize("how", ["cancelled", "closed", "cancelled and closed"])
def test_ended_between_two_tries(how, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"z")

    async def scene(lab):
        call = lab.http.post("/", data=path, retries=Retry(1, wait=0.05))
        await turns(40)
        assert (lab.only()[1].count, call.done()) == (1, False)
        if "cancelled" in how:
            call.cancel()
        if "closed" in how:
            lab.http.close()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(0.1)  # past the time of the next try
        return lab.only()[1].count, len(lab.server.requests), lab.user.abandoned

    assert play(answering(answer(503), ok()), scene) == (1, 1, 0)


def test_other_requests_go_on_while_one_waits():
    async def scene(lab):
        call = lab.http.get("/a", retries=Retry(1, wait=0.05))
        await turns(20)
        others = [(await lab.http.get("/b")).text for _ in range(3)]
        return others, (await call).text, lab.server.connections

    table = {"/a": one_by_one(answer(503), ok(b"again")), "/b": ok(b"b")}
    assert play(routes(table), scene) == (["b"] * 3, "again", 1)


class Answer:
    def __init__(self, status, retry_after):
        self.status = status
        self.headers = {} if retry_after is None else {"retry-after": retry_after}


WAITS = [
    (Retry(), 0, None, 0.1),
    (Retry(), 1, None, 0.2),
    (Retry(), 3, None, 0.8),
    (Retry(), 6, None, 6.4),
    (Retry(), 7, None, 10.0),
    (Retry(), 100_000, None, 10.0),
    (Retry(wait=0), 50, None, 0.0),
    (Retry(wait=3, longest=2), 0, None, 2.0),
    (Retry(), 5, "0", 0.0),
    (Retry(), 0, "3", 3.0),
    (Retry(), 0, "11", 10.0),
    (Retry(longest=100), 0, "11", 11.0),
    (Retry(), 0, "9" * 5000, 10.0),
    (Retry(), 1, "", 0.2),
    (Retry(), 1, "-1", 0.2),
    (Retry(), 1, "1.5", 0.2),
    (Retry(), 1, "٣", 0.2),
    (Retry(), 1, "Wed, 21 Oct 2015 07:28:00 GMT", 0.2),
    (Retry(), 1, "1, 2", 0.2),
]


@pytest.mark.parametrize(("retry", "tries", "asked", "seconds"), WAITS)
def test_how_long_is_waited(retry, tries, asked, seconds):
    assert retry.wait_ns(tries, Answer(503, asked)) == int(seconds * 1e9)


def test_a_failure_has_no_say_in_it():
    assert Retry().wait_ns(0, Answer(0, "5")) == int(0.1e9)


WRONG = [
    (-1, "retries: expected a number of times from 0 up, found -1"),
    (True, r"retries: expected a number of times or Retry\(...\), found True"),
    (1.5, r"retries: expected a number of times or Retry\(...\), found 1.5"),
    ("3", r"retries: expected a number of times or Retry\(...\), found '3'"),
    ([1], r"retries: expected a number of times or Retry\(...\), found \[1\]"),
]


@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_wrong_numbers(wrong, words):
    async def scene(lab):
        with pytest.raises((ValueError, TypeError), match=words):
            lab.http.get("/", retries=wrong)
        return lab.server.connections

    assert play(silence, scene, options=HttpOptions()) == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"times": -1}, "retries: expected a number of times"),
        ({"times": "3"}, "retries: expected a number of times"),
        ({"wait": -1}, "retries: wait: expected a duration"),
        ({"wait": "1 sec"}, "retries: wait: expected a duration .*, found '1 sec'"),
        ({"wait": None}, "retries: wait: expected a duration"),
        ({"wait": float("nan")}, "retries: wait: expected a duration"),
        ({"longest": float("inf")}, "retries: longest: expected a duration"),
        ({"statuses": 503}, "retries: statuses: expected several such as"),
        ({"statuses": "503"}, "retries: statuses: expected several such as"),
        ({"statuses": [None]}, "retries: statuses: expected several such as"),
    ],
)
def test_a_wrong_retry(given, words):
    with pytest.raises(ValueError, match=words):
        Retry(**given)


@pytest.mark.parametrize(("retry", "waits_ms"), [
    (Retry(wait=0.05, longest=0.3), [50, 100, 200, 300, 300]),
    (Retry(wait="50ms", longest="300ms"), [50, 100, 200, 300, 300]),
    (Retry(wait=0, longest="1s"), [0, 0]),
    (Retry(), [100, 200, 400, 800, 1600]),
])  # fmt: skip
def test_each_wait_is_twice_the_last(retry, waits_ms):
    unanswered = SimpleNamespace(status=0)
    assert [retry.wait_ns(tries, unanswered) for tries in range(len(waits_ms))] == [ms * 1_000_000 for ms in waits_ms]
    assert retry.wait_ns(10**6, unanswered) <= retry.wait_ns(10**7, unanswered)


@pytest.mark.parametrize("longest", [2, "2s"])
@pytest.mark.parametrize(("asked", "seconds"), [("1", 1), ("5", 2), ("9" * 400, 2), ("x", 0.1)])
def test_a_server_is_obeyed_up_to_the_longest_wait(longest, asked, seconds):
    busy = SimpleNamespace(status=503, headers={"retry-after": asked})
    assert Retry(longest=longest).wait_ns(0, busy) == seconds * 1e9
