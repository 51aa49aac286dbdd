"""What is sent, byte for byte, and how much of it when."""

import struct

import http2_lab as h2
import pytest
from hpack import Decoder
from http2_lab import CALL, USER, ran

from surgeline.protocols.grpc.requests import timeout_field


def test_the_first_bytes_of_a_connection_and_of_a_call(folder):
    def behave(client, _count):
        assert client.read(len(h2.PREFACE)) == h2.PREFACE
        pairs = struct.pack(">HIHIHI", 2, 0, h2.INITIAL_WINDOW_SIZE, 1 << 20, 6, 64 * 1024)
        assert client.frame() == (h2.SETTINGS, 0, 0, pairs)
        assert client.frame() == (h2.WINDOW_UPDATE, 0, 0, h2.number((1 << 30) - 65_535))
        client.sock.setblocking(False)
        with pytest.raises(BlockingIOError):  # nothing more, before it is known what the server takes
            client.sock.recv(1)
        client.sock.settimeout(h2.WAIT)
        client.send(h2.settings())
        assert client.frame() == (h2.SETTINGS, h2.ACK, 0, b"")
        kind, flags, stream, block = client.frame()
        assert (kind, flags, stream) == (h2.HEADERS, h2.END_HEADERS, 1)
        host = ":".join(map(str, client.sock.getsockname()))
        assert client.decoder.decode(block) == [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/events.Handler/OnLogin"),
            (":authority", host),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "surgeline"),
            ("x-own", "abc"),
            ("x-raw-bin", "AAE"),
            ("grpc-timeout", "60000000u"),
            ("x-id", "7"),
        ]
        assert client.frame() == (h2.DATA, h2.END_STREAM, 1, h2.prefixed(USER))
        client.send(client.answer(1))

    lines = CALL.replace('"u1"})', '"u1"}, metadata={"X-Id": "7"})')
    done = ran(folder, behave, lines, client=', metadata={"x-own": "abc", "x-raw-bin": b"\\x00\\x01"}')
    assert done.found[0].message.text == "hi"


def test_what_was_said_before_is_said_by_its_index(folder):
    blocks = []

    def behave(client, _count):
        client.begin()
        for stream in (1, 3, 5):
            _, _, _, block = client.next(h2.HEADERS)
            blocks.append((block, client.decoder.decode(block)))
            client.send(client.answer(stream))

    ran(folder, behave, f"for _ in range(3):\n        {CALL}")

    (first, fields), (second, again), (third, more) = blocks
    assert fields == again == more
    timeout = b"\x00\x0cgrpc-timeout\x0960000000u"
    assert first.endswith(timeout)
    assert second == third == b"\x83\x86\xc2\xc1\xc0\xbf\xbe" + timeout


@pytest.mark.parametrize(
    ("timeout_ns", "said"),
    [
        (1, b"1n"),
        (99_999_999, b"99999999n"),
        (100_000_001, b"100001u"),
        (90 * 10**9, b"90000000u"),
        (24 * 3600 * 10**9, b"86400000m"),
        (3 * 365 * 86_400 * 10**9, b"94608000S"),
    ],
)
def test_a_deadline_is_told_in_at_most_eight_digits(timeout_ns, said):
    assert Decoder().decode(timeout_field(timeout_ns), raw=True) == [(b"grpc-timeout", said)]


def test_a_server_that_keeps_no_fields(folder):
    def behave(client, _count):
        client.decoder.max_allowed_table_size = 0
        client.begin((h2.HEADER_TABLE_SIZE, 0))
        client.sock.settimeout(h2.WAIT)
        for stream in (1, 3):
            _, _, _, block = client.next(h2.HEADERS)
            assert dict(client.decoder.decode(block))[":path"] == "/events.Handler/OnLogin"
            client.send(client.answer(stream))

    assert [one.status for one in ran(folder, behave, f"{CALL}\n{CALL}").found] == ["OK", "OK"]


def test_all_bytes_of_a_connection_are_counted(folder):
    counted = []

    def behave(client, _count):
        client.begin()
        for _ in range(2):
            stream, _, _ = client.request()
            client.send(client.answer(stream))
        counted.append((client.received, client.sent))

    done = ran(folder, behave, f"{CALL}\n{CALL}")

    assert counted == [(done.value("data_sent"), done.value("data_received"))]
    assert done.value("data_sent", method="OnLogin", name="/events.Handler/OnLogin") == counted[0][0]


# How much


@pytest.mark.parametrize("window", [1, 7, 100])
def test_no_more_is_sent_than_the_window_of_a_stream(folder, window):
    def behave(client, _count):
        client.begin((h2.INITIAL_WINDOW_SIZE, window))
        whole, flags = b"", 0
        while not flags & h2.END_STREAM:
            _, flags, _, payload = client.next(h2.DATA)
            assert len(payload) <= window
            whole += payload
            client.send(h2.frame(h2.WINDOW_UPDATE, 0, 1, h2.number(window)))
        assert whole == h2.prefixed(USER)
        client.send(client.answer(1))

    assert ran(folder, behave).found[0].ok


def test_a_window_that_becomes_smaller_holds_for_streams_under_way(folder):
    def behave(client, _count):
        client.begin((h2.INITIAL_WINDOW_SIZE, 4))
        assert client.next(h2.DATA)[3] == h2.prefixed(USER)[:4]
        client.send(h2.settings((h2.INITIAL_WINDOW_SIZE, 1)))  # three bytes too many are out
        client.send(h2.frame(h2.WINDOW_UPDATE, 0, 1, h2.number(3)))
        client.send(h2.frame(h2.WINDOW_UPDATE, 0, 1, h2.number(2)))
        assert client.next(h2.DATA)[3] == h2.prefixed(USER)[4:6]
        client.send(h2.settings((h2.INITIAL_WINDOW_SIZE, 100)))
        assert client.next(h2.DATA)[3] == h2.prefixed(USER)[6:]
        client.send(client.answer(1))

    assert ran(folder, behave).found[0].ok


def test_a_large_request_goes_out_in_frames_as_the_windows_let_it(folder):
    size = 300_000

    def behave(client, _count):
        client.begin((h2.INITIAL_WINDOW_SIZE, 1 << 20), (h2.MAX_FRAME_SIZE, 20_000))
        got = sizes = 0
        while got < size:
            _, _, _, payload = client.next(h2.DATA)
            assert len(payload) <= 20_000
            got += len(payload)
            sizes += len(payload)
            assert sizes <= 65_535  # the window of all streams together
            if sizes == 65_535:
                client.send(h2.frame(h2.WINDOW_UPDATE, 0, 0, h2.number(sizes)))
                sizes = 0
        client.send(client.answer(1))

    lines = CALL.replace('{"user_id": "u1"}', f'{{"token": bytes({size})}}')
    assert ran(folder, behave, lines).found[0].ok


def test_calls_wait_while_the_server_takes_no_more(folder):
    def behave(client, _count):
        client.begin((h2.MAX_CONCURRENT_STREAMS, 2))
        waiting = [client.request()[0] for _ in range(2)]
        for _ in range(3):
            client.send(client.answer(waiting.pop(0)))
            stream, _, _ = client.request()
            waiting.append(stream)
        client.send(h2.settings((h2.MAX_CONCURRENT_STREAMS, 100)))
        waiting += [client.request()[0] for _ in range(3)]
        assert waiting == [7, 9, 11, 13, 15]
        client.send(b"".join(map(client.answer, waiting)))

    options = "per_vu_iterations(vus=8, iterations=1)"
    done = ran(folder, behave, options=options, client=', connections="shared"')
    assert [one.status for one in done.found] == ["OK"] * 8
