"""What a server of HTTP/2 may say, and what calls come to."""

import socket

import http2_lab as h2
import pytest
from grpc_lab import run
from http2_lab import CALL, one_answer, ran, script


def test_an_answer_may_come_in_any_pieces_and_with_all_that_http2_allows(folder):
    def behave(client, _count):
        client.begin()
        stream, _, _ = client.request()
        whole = h2.prefixed(h2.ANSWER)
        block = client.block(h2.ANSWER_HEAD)
        client.send(
            b"".join(
                [
                    h2.frame(0x77, 0xFF, 0, b"a type that nobody knows"),
                    h2.frame(h2.PRIORITY, 0, stream, bytes(5)),
                    client.headers(stream, [(":status", "103"), ("link", "x")]),
                    h2.frame(
                        h2.HEADERS, h2.PADDED | h2.HAS_PRIORITY, stream, b"\x03" + bytes(5) + block[:1] + bytes(3)
                    ),
                    h2.frame(h2.CONTINUATION, 0, stream, b""),
                    h2.frame(h2.CONTINUATION, h2.END_HEADERS, stream, block[1:]),
                    h2.frame(h2.PING, 0, 0, b"are you?"),
                    h2.frame(h2.DATA, h2.PADDED, stream, b"\x02" + whole[:3] + bytes(2)),
                    h2.frame(h2.DATA, 0, stream, b""),
                    h2.frame(h2.DATA, 0, stream, whole[3:8]),
                    h2.frame(h2.DATA, 0, stream, whole[8:]),
                    client.headers(stream, [*h2.OK, ("x-cost", "7"), ("x-cost", "8")], h2.END_STREAM),
                ]
            ),
            pieces=1,
        )
        assert client.next(h2.PING) == (h2.PING, h2.ACK, 0, b"are you?")

    (response,) = ran(folder, behave).found
    assert (response.status, response.message.text, response.trailers) == ("OK", "hi", {"x-cost": "7, 8"})
    assert response.headers == {}


def test_windows_are_given_back(folder):
    messages, size = 40, 100_000

    def behave(client, _count):
        client.begin()
        stream, _, _ = client.request()
        client.send(client.headers(stream, h2.ANSWER_HEAD))
        window = 1 << 20
        whole = h2.prefixed(b"\x12" + b"\xa0\x8d\x06" + b"x" * size) * messages
        for at in range(0, len(whole), 16_384):
            piece = whole[at : at + 16_384]
            while window < len(piece):
                _, _, of, payload = client.next(h2.WINDOW_UPDATE)
                window += int.from_bytes(payload, "big") if of else 0
            window -= len(piece)
            client.send(h2.frame(h2.DATA, 0, stream, piece))
        client.send(client.headers(stream, h2.OK, h2.END_STREAM))

    lines = """
async with client.stream(vu, "events.Handler/Count") as stream:
    await stream.send({"user_id": "u1"})
    async for message in stream:
        found.append(len(message.text))
found.append(stream.response.status)
"""
    assert ran(folder, behave, lines).found == [*[size] * messages, "OK"]


def test_a_server_that_sends_above_the_window_is_broken_off(folder):
    def behave(client, _count):
        client.begin()
        stream, _, _ = client.request()
        client.send(client.headers(stream, h2.ANSWER_HEAD))
        for _ in range(70):
            client.send(h2.frame(h2.DATA, 0, stream, h2.prefixed(h2.ANSWER) * 1_400))
        assert client.next(h2.RST_STREAM)[3] == h2.number(3)
        (folder / "broken off").touch()

    lines = """
async with client.stream(vu, "events.Handler/Count") as stream:
    await stream.send({"user_id": "u1"})
    for _ in range(10_000):
        if BROKEN_OFF.exists():
            break
        await vu.sleep(0.001)
    received = [message async for message in stream]
found.extend([len(received), stream.response])
"""
    body = "from pathlib import Path\nBROKEN_OFF = Path(__file__).with_name('broken off')\n" + script(lines)
    with h2.scripted(behave) as target:
        count, response = run(folder, body, target=target).found

    assert 0 < count * len(h2.prefixed(h2.ANSWER)) <= 1 << 20
    assert response.error == "expected no more than the window, found the server to send on"
    assert response.status == "INTERNAL"


# Statuses


def ended(folder, answer):
    """What one call comes to that gets `answer(client, stream)`."""

    def behave(client, _count):
        client.begin()
        stream, _, _ = client.request()
        client.send(answer(client, stream))
        client.next(h2.RST_STREAM)  # or the end of the connection

    (response,) = ran(folder, behave).found
    return response


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (0, "INTERNAL", "NO_ERROR"),
        (1, "INTERNAL", "PROTOCOL_ERROR"),
        (7, "UNAVAILABLE", "REFUSED_STREAM"),
        (8, "CANCELLED", "CANCEL"),
        (9, "INTERNAL", "COMPRESSION_ERROR"),
        (11, "RESOURCE_EXHAUSTED", "ENHANCE_YOUR_CALM"),
        (12, "PERMISSION_DENIED", "INADEQUATE_SECURITY"),
        (77, "INTERNAL", "error 77"),
    ],
)
def test_a_stream_that_the_server_resets(folder, error, status, name):
    response = ended(folder, lambda _, stream: h2.frame(h2.RST_STREAM, 0, stream, h2.number(error)))

    assert (response.status, response.error) == (status, f"the server broke the call off: {name}")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("400", "INTERNAL"),
        ("401", "UNAUTHENTICATED"),
        ("403", "PERMISSION_DENIED"),
        ("404", "UNIMPLEMENTED"),
        ("429", "UNAVAILABLE"),
        ("500", "UNKNOWN"),
        ("503", "UNAVAILABLE"),
        ("200", "UNKNOWN"),
    ],
)
def test_an_answer_that_is_not_grpcs(folder, status, expected):
    def answer(client, stream):
        fields = [(":status", status), ("content-type", "text/html")]
        return client.headers(stream, fields) + h2.frame(h2.DATA, h2.END_STREAM, stream, b"<html>")

    response = ended(folder, answer)
    assert (response.status, response.error) == (expected, f"expected an answer of gRPC, found HTTP status {status}")


def head(client, stream):
    return client.headers(stream, h2.ANSWER_HEAD)


def data(stream, payload, flags=0):
    return h2.frame(h2.DATA, flags, stream, payload)


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (
            lambda c, s: c.headers(
                s, [(":status", "200"), *h2.ANSWER_HEAD[1:], ("grpc-status", "5"), ("grpc-message", "n%C3%B3%20")], 1
            ),
            "NOT_FOUND",
            "nó ",
        ),
        (
            lambda c, s: c.headers(s, [(":status", "200"), ("grpc-status", "7")], 1),
            "PERMISSION_DENIED",
            "PERMISSION_DENIED",
        ),
        (lambda c, s: c.answer(s, trailers=[("grpc-status", "99")]), "UNKNOWN", "UNKNOWN"),
        (lambda c, s: c.answer(s, trailers=[("grpc-status", "x")]), "UNKNOWN", "UNKNOWN"),
        (
            lambda c, s: c.answer(s, trailers=[("x-a", "b")]),
            "UNKNOWN",
            "expected a status at the end of the call, found none",
        ),
        (
            lambda c, s: head(c, s) + data(s, h2.prefixed(h2.ANSWER), h2.END_STREAM),
            "UNKNOWN",
            "expected a status at the end of the call, found none",
        ),
        (
            lambda c, s: head(c, s) + c.headers(s, h2.OK, h2.END_STREAM),
            "INTERNAL",
            "expected a message with the status OK, found none",
        ),
        (
            lambda c, s: head(c, s) + data(s, h2.prefixed(h2.ANSWER) * 2) + c.headers(s, h2.OK, h2.END_STREAM),
            "INTERNAL",
            "expected one message, found another",
        ),
        (
            lambda c, s: head(c, s) + data(s, h2.prefixed(h2.ANSWER)[:-1]) + c.headers(s, h2.OK, h2.END_STREAM),
            "INTERNAL",
            "expected the rest of a message, found the end of the call",
        ),
        (
            lambda c, s: head(c, s) + data(s, h2.prefixed(h2.ANSWER, 1)),
            "INTERNAL",
            "expected the prefix of a message, found 0x1",
        ),
        (
            lambda c, s: head(c, s) + data(s, h2.prefixed(h2.ANSWER, 7)),
            "INTERNAL",
            "expected the prefix of a message, found 0x7",
        ),
        (
            lambda c, s: (
                c.headers(s, [*h2.ANSWER_HEAD, ("grpc-encoding", "gzip")]) + data(s, h2.prefixed(h2.ANSWER, 1))
            ),
            "UNIMPLEMENTED",
            "expected a message that is not compressed, found gzip",
        ),
        (
            lambda c, s: head(c, s) + data(s, b"\0" + h2.number((4 << 20) + 1)),
            "RESOURCE_EXHAUSTED",
            "expected a message of at most 4,194,304 bytes, found 4,194,305",
        ),
        (lambda _, s: data(s, b"\0"), "INTERNAL", "expected header fields first, found data"),
        (
            lambda c, s: c.headers(s, [*h2.ANSWER_HEAD, ("x-a", "b" * 10_000), *[("x-c", "d" * 60)] * 1_000]),
            "RESOURCE_EXHAUSTED",
            "expected at most 65,536 bytes of metadata, found 105,137",
        ),
        (
            lambda _, s: h2.frame(h2.WINDOW_UPDATE, 0, s, h2.number(0x7FFFFFFF)),
            "INTERNAL",
            "expected a window below 2 GiB, found a larger one",
        ),
    ],
)
def test_what_an_answer_comes_to(folder, answer, status, error):
    response = ended(folder, answer)

    assert (response.status, response.error) == (status, error)
    assert response.message is None


def test_a_message_that_is_empty_and_one_said_not_to_be_compressed(folder):
    def answer(client, stream):
        fields = [*h2.ANSWER_HEAD, ("grpc-encoding", "identity"), ("grpc-accept-encoding", "gzip")]
        return client.headers(stream, fields) + data(stream, h2.prefixed(b"")) + client.headers(stream, h2.OK, 1)

    response = ended(folder, answer)
    assert (response.status, response.message.text, response.headers) == ("OK", "", {})


@pytest.mark.parametrize(
    ("raw", "value"), [("AAE", b"\0\1"), ("AAE=", b"\0\1"), ("AA==,AAE=", b"\0\1"), ("no base64!", b"no base64!")]
)
def test_metadata_of_bytes(folder, raw, value):
    response = ended(folder, lambda c, s: c.answer(s, trailers=[*h2.OK, ("x-raw-bin", raw)]))

    assert response.trailers == {"x-raw-bin": value}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "expected a server of HTTP/2, found another"),
        (h2.frame(h2.PING, 0, 0, bytes(8)), "expected a server of HTTP/2, found another"),
        (b"", "the server closed the connection before the response was complete"),
    ],
)
def test_a_server_that_speaks_something_else(folder, said, why):
    def behave(client, _count):
        client.read(len(h2.PREFACE))
        client.send(said)
        client.sock.shutdown(socket.SHUT_WR)
        client.read(1 << 20)

    (response,) = ran(folder, behave).found
    assert (response.status, response.error) == ("UNAVAILABLE", why)


@pytest.mark.parametrize(
    ("wrong", "error", "name"),
    [
        (h2.frame(h2.DATA, 0, 0, b"x"), 1, "PROTOCOL_ERROR"),
        (h2.frame(h2.DATA, 0, 5, b"x"), 1, "PROTOCOL_ERROR"),
        (h2.frame(h2.HEADERS, h2.END_HEADERS, 2, b"\x88"), 1, "PROTOCOL_ERROR"),
        (h2.frame(h2.RST_STREAM, 0, 99, h2.number(8)), 1, "PROTOCOL_ERROR"),
        (h2.frame(h2.WINDOW_UPDATE, 0, 99, h2.number(8)), 1, "PROTOCOL_ERROR"),
        (h2.frame(h2.WINDOW_UPDATE, 0, 0, h2.number(0x7FFFFFFF)), 3, "FLOW_CONTROL_ERROR"),
        (h2.frame(h2.HEADERS, h2.END_HEADERS, 1, b"\xff\xff\xff\xff\x7f"), 9, "COMPRESSION_ERROR"),
        (h2.frame(h2.PUSH_PROMISE, 0, 1, bytes(4)), 1, "PROTOCOL_ERROR"),
        (h2.frame(h2.PING, 0, 0, bytes(7)), 6, "FRAME_SIZE_ERROR"),
        (h2.settings((h2.INITIAL_WINDOW_SIZE, 1 << 31)), 3, "FLOW_CONTROL_ERROR"),
    ],
)
def test_a_server_that_does_not_keep_to_http2_is_told(folder, wrong, error, name):
    told = []

    def behave(client, _count):
        client.begin()
        client.request()
        client.send(wrong)
        told.append(client.next(h2.GOAWAY)[3])

    (response,) = ran(folder, behave).found
    assert (response.status, response.error) == (
        "UNAVAILABLE",
        f"expected what HTTP/2 allows, found a {name} of the server",
    )
    assert told == [h2.number(0) + h2.number(error)]


def test_calls_under_way_fail_when_the_server_closes(folder):
    def behave(client, _count):
        client.begin()
        client.request()

    (response,) = ran(folder, behave).found
    assert (response.status, response.error) == (
        "UNAVAILABLE",
        "the server closed the connection before the response was complete",
    )


def test_a_server_that_goes_away_ends_what_it_has_begun(folder):
    """The first stream is answered, the second never begun, and who comes later gets another connection."""

    def behave(client, count):
        client.begin()
        if count:
            client.send(client.answer(client.request()[0]))
            return
        first, _, _ = client.request()
        client.request()
        client.send(h2.frame(h2.GOAWAY, 0, 0, h2.number(first) + h2.number(11) + b"too many pings"))
        client.send(client.answer(first))
        with pytest.raises(h2.ClosedError):
            client.next(h2.HEADERS)

    lines = """
one, other = await asyncio.gather(*[client.call(vu, "events.Handler/OnLogin", {"user_id": "u1"}) for _ in range(2)])
found.extend([one, other, await client.call(vu, "events.Handler/OnLogin", {"user_id": "u1"})])
"""
    first, second, third = ran(folder, behave, lines).found

    assert (first.status, second.status, third.status) == ("OK", "UNAVAILABLE", "OK")
    assert second.error == "the server went away: ENHANCE_YOUR_CALM: too many pings"


def test_calls_that_wait_go_to_another_connection_when_the_server_goes_away(folder):
    def behave(client, count):
        client.begin((h2.MAX_CONCURRENT_STREAMS, 1))
        stream, _, _ = client.request()
        if count == 0:
            client.send(h2.frame(h2.GOAWAY, 0, 0, h2.number(stream) + h2.number(0)))
        client.send(client.answer(stream))

    lines = """
calls = [client.call(vu, "events.Handler/OnLogin", {"user_id": "u1"}) for _ in range(2)]
found.extend(await asyncio.gather(*calls))
"""
    assert [one.status for one in ran(folder, behave, lines).found] == ["OK", "OK"]


def test_the_server_is_told_when_a_deadline_is_over(folder):
    told = []

    def behave(client, _count):
        client.begin()
        client.request()
        told.append(client.next(h2.RST_STREAM))

    (response,) = ran(folder, behave, CALL.replace('"u1"})', '"u1"}, timeout="20ms")')).found
    assert (response.status, response.error) == ("DEADLINE_EXCEEDED", "the deadline of the call was over")
    assert told == [(h2.RST_STREAM, 0, 1, h2.number(h2.CANCEL))]


def test_a_deadline_holds_while_the_connection_is_opened_and_the_next_call_tries_anew(folder):
    def behave(client, count):
        if count == 0:
            client.read(1 << 20)  # and no settings, ever
        one_answer(client, count)

    lines = CALL.replace('"u1"})', '"u1"}, timeout="20ms")') + "\n" + CALL
    assert [one.status for one in ran(folder, behave, lines).found] == ["DEADLINE_EXCEEDED", "OK"]


def test_an_answer_before_the_request_is_out_ends_both(folder):
    told = []

    def behave(client, _count):
        client.begin((h2.INITIAL_WINDOW_SIZE, 3))
        client.next(h2.DATA)
        client.send(client.headers(1, [*h2.ANSWER_HEAD, ("grpc-status", "16")], h2.END_STREAM))
        told.append(client.next(h2.RST_STREAM))

    (response,) = ran(folder, behave).found
    assert response.status == "UNAUTHENTICATED"
    assert told == [(h2.RST_STREAM, 0, 1, h2.number(0))]
