"""What a request counts: which series, which tags, and where its time went."""

import pytest
from http_lab import SERVICE_TIMES, Peer, answering, free_port, ok, once, play, silence

from surgeline.metrics import names
from surgeline.protocols.http.endpoints import MOST_ENDPOINTS

TIMES = {
    "blocked": names.HTTP_REQ_BLOCKED,
    "connecting": names.HTTP_REQ_CONNECTING,
    "tls": names.HTTP_REQ_TLS_HANDSHAKING,
    "sending": names.HTTP_REQ_SENDING,
    "waiting": names.HTTP_REQ_WAITING,
    "receiving": names.HTTP_REQ_RECEIVING,
}


def status(code: int) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % code


@pytest.mark.parametrize(
    ("code", "expected", "error_code", "error"),
    [
        (200, True, 0, None),
        (299, True, 0, None),
        (302, True, 0, None),
        (399, True, 0, None),
        (400, False, 1400, "400 Bad Request"),
        (404, False, 1404, "404 Not Found"),
        (499, False, 1499, "status 499"),
        (500, False, 1500, "500 Internal Server Error"),
        (599, False, 1599, "status 599"),
        (600, False, 1000, "status 600"),
        (999, False, 1000, "status 999"),
    ],
)
def test_a_status_of_success_or_redirection_is_expected(code, expected, error_code, error):
    async def scene(lab):
        response = await lab.http.get("/")
        assert (response.status, response.ok, response.error_code) == (code, expected, error_code)
        assert response.error is None
        tags, value = lab.only()
        assert value.count == 1
        assert (tags["status"], tags["expected_response"]) == (str(code), "true" if expected else "false")
        assert (tags.get("error_code"), tags.get("error")) == (str(error_code) if error_code else None, error)
        failed = lab.only(names.HTTP_REQ_FAILED)[1]
        assert (failed.passes, failed.fails) == (int(not expected), int(expected))

    play(answering(status(code)), scene)


@pytest.mark.parametrize(
    "tag", ["scenario", "group", "check", "method", "status", "error", "error_code", "proto", "tls_version", "url"]
)
def test_tags_that_are_reserved(tag):
    async def scene(lab):
        with pytest.raises(ValueError, match=f"tags: expected a tag of your own, found '{tag}'"):
            await lab.http.get("/", tags={"kind": "a", tag: "x"})
        await lab.http.get("/", tags={"name": "named"})
        return lab.only()[0]["name"]

    assert play(answering(ok()), scene) == "named"


def test_the_tags():
    async def scene(lab):
        await lab.http.get("/users/1", name="user", tags={"kind": "warm", "size": 3})
        return lab.only()[0]

    assert play(answering(ok()), scene) == {
        "scenario": "lab",
        "method": "GET",
        "name": "user",
        "url": "user",
        "status": "200",
        "proto": "HTTP/1.1",
        "expected_response": "true",
        "kind": "warm",
        "size": "3",
    }


def test_each_status_method_name_and_protocol_has_a_series_of_its_own():
    answers = [ok(), status(404), b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", ok()]

    async def scene(lab):
        for _ in range(4):
            await lab.http.get("/")
        await lab.http.post("/")
        await lab.http.get("/", name="n")
        return sorted((t["method"], t["status"], t["proto"], int(v.count)) for t, v in lab.series())

    assert play(answering(*answers), scene) == [
        ("GET", "200", "HTTP/1.0", 1),
        ("GET", "200", "HTTP/1.1", 1),
        ("GET", "200", "HTTP/1.1", 2),
        ("GET", "404", "HTTP/1.1", 1),
        ("POST", "200", "HTTP/1.1", 1),
    ]


def test_too_many_names_count_together_and_are_told_once():
    async def scene(lab):
        for number in range(MOST_ENDPOINTS + 3):
            await lab.http.get(f"/{number}")
        together = [value.count for tags, value in lab.series() if tags["name"] == "(other)"]
        return together, len(lab.notes), lab.notes[0]

    together, notes, note = play(answering(ok()), scene)
    assert (together, notes) == ([3], 1)
    assert f"/{MOST_ENDPOINTS}'" in note


def test_bytes_are_counted():
    answer = ok(b"hello")

    async def scene(lab):
        await lab.http.post("/", data=b"12345")
        return lab.only(names.DATA_SENT)[1].count - len(lab.server.requests[0]), lab.only(names.DATA_RECEIVED)[1].count

    assert play(answering(answer), scene) == (0, len(answer))


def test_a_sample_for_each_request_in_every_metric():
    async def scene(lab):
        for _ in range(3):
            await lab.http.get("/")
        trends = [*TIMES.values(), names.HTTP_REQ_DURATION, names.HTTP_REQ_RESPONSE_TIME]
        return [lab.only(metric)[1].histogram.count for metric in trends], lab.only()[1].count

    assert play(answering(ok()), scene) == ([3] * 8, 3)


def times(lab):
    """Return the nanoseconds that the metrics hold, of a single request."""
    return {name: lab.only(metric)[1].histogram.sum for name, metric in TIMES.items()}


def test_the_parts_add_up_exactly():
    async def scene(lab):
        lateness = lab.user.lateness_ns
        response = await lab.http.get("/")
        parts = times(lab)
        duration = lab.only(names.HTTP_REQ_DURATION)[1].histogram.sum
        response_time = lab.only(names.HTTP_REQ_RESPONSE_TIME)[1].histogram.sum
        assert parts == {name: getattr(response, f"{name}_ns") for name in TIMES}
        assert duration == parts["sending"] + parts["waiting"] + parts["receiving"] > 0
        assert response_time == lateness + parts["blocked"] + duration
        assert 0 < parts["connecting"] <= parts["blocked"]

    play(answering((b"HTTP/1.1 200 OK\r\n", b"Content-Length: 1\r\n\r\nx")), scene)


def test_only_a_new_connection_blocks():
    async def scene(lab):
        first = await lab.http.get("/")
        second = await lab.http.get("/")
        assert first.blocked_ns >= first.connecting_ns > 0
        assert (second.blocked_ns, second.connecting_ns, second.tls_ns) == (0, 0, 0)
        assert second.waiting_ns > 0

    play(answering(ok()), scene)


def test_receiving_begins_with_the_first_byte():
    async def scene(lab):
        in_pieces = await lab.http.get("/")
        whole = await lab.http.get("/")
        return in_pieces.receiving_ns > 0, whole.receiving_ns

    assert play(answering((b"H", b"TTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ok()), scene) == (True, 0)


def test_a_request_that_was_never_sent_has_no_service_time():
    async def scene(lab):
        response = await lab.http.get(f"http://127.0.0.1:{free_port()}/")
        assert (response.sending_ns, response.waiting_ns, response.receiving_ns) == (0, 0, 0)
        assert [lab.series(metric) for metric in SERVICE_TIMES] == [[], [], [], []]
        assert lab.only(names.HTTP_REQ_RESPONSE_TIME)[1].histogram.sum == response.blocked_ns > 0

    play(silence, scene)


@pytest.mark.parametrize("failure", ["reset", "timeout", "closed"])
def test_the_parts_of_a_failure_add_up_too(failure):
    async def handler(peer: Peer):
        await peer.request()
        if failure == "reset":
            peer.reset()
        elif failure == "closed":
            await peer.send(b"HTTP/1.1 2")
        else:
            await peer.end()

    async def scene(lab):
        response = await lab.http.get("/", timeout=0.02 if failure == "timeout" else 60)
        parts = times(lab)
        assert parts == {name: getattr(response, f"{name}_ns") for name in TIMES}
        duration = lab.only(names.HTTP_REQ_DURATION)[1].histogram.sum
        assert duration == parts["sending"] + parts["waiting"] + parts["receiving"] > 0
        assert lab.only(names.HTTP_REQ_RESPONSE_TIME)[1].histogram.sum == parts["blocked"] + duration
        assert (parts["receiving"] > 0) is (failure == "closed")

    play(handler, scene)


def test_a_body_until_close_is_received_until_close():
    async def scene(lab):
        return (await lab.http.get("/")).receiving_ns > 0

    assert play(once(b"HTTP/1.1 200 OK\r\n\r\n"), scene)
