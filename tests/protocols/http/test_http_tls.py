"""HTTP over TLS, with a certificate authority made for the test."""

import asyncio
import ssl
from functools import partial

import pytest
import trustme
from http_lab import Peer, answering, assert_one_failure, get, ok, once, play, silence, turns

from surgeline.metrics import names

LARGE = bytes(range(256)) * 40_000  # 10 MB


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(autouse=True)
def _trusted(authority, tmp_path, monkeypatch):
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture
def server_tls(authority):
    return context_for(authority, "127.0.0.1", "localhost")


def context_for(authority, *hosts, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


VERSIONS = {"tls1.2": ssl.TLSVersion.TLSv1_2, "tls1.3": ssl.TLSVersion.TLSv1_3}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kept_connection(authority, version):
    async def scene(lab):
        responses = [await lab.http.get("/") for _ in range(3)]
        return responses, lab.server, lab.only()

    tls = context_for(authority, "127.0.0.1", version=VERSIONS[version])
    responses, server, (tags, value) = play(answering(ok(b"safe")), scene, tls=tls)
    assert [response.body for response in responses] == [b"safe"] * 3
    assert (server.connections, value.count, tags["tls_version"]) == (1, 3, version)
    assert server.requests[0] == server.requests[2]
    first, second, _ = responses
    assert first.blocked_ns >= first.connecting_ns + first.tls_ns > first.tls_ns > 0
    assert (second.blocked_ns, second.connecting_ns, second.tls_ns) == (0, 0, 0)


def test_localhost_by_name(server_tls):
    async def scene(lab):
        return (await lab.http.get(f"https://localhost:{lab.server.port}/")).status

    assert play(answering(ok()), scene, tls=server_tls) == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_large_bodies_both_ways(authority, version):
    async def scene(lab):
        response = await lab.http.post("/", data=LARGE)
        again = await lab.http.post("/", data=LARGE[:100_000])
        sent = sum(value.count for _, value in lab.series(names.DATA_SENT))
        assert lab.server.requests[0].endswith(b"\r\n\r\n" + LARGE)
        assert len(LARGE) < sent < 1.02 * len(LARGE) + 200_000
        return response.body == LARGE, again.body == LARGE, lab.server.connections

    tls = context_for(authority, "127.0.0.1", version=VERSIONS[version])
    assert play(answering(ok(LARGE)), scene, tls=tls) == (True, True, 1)


def test_a_response_in_many_records(server_tls):
    answer = ok(b"hello", "A: b")
    pieces = tuple(answer[at : at + 1] for at in range(len(answer)))

    async def scene(lab):
        return [(await lab.http.get("/")).body for _ in range(2)], lab.server.connections

    assert play(answering(pieces), scene, tls=server_tls) == ([b"hello"] * 2, 1)


def test_the_same_name_over_tls_and_without_is_told_apart(server_tls):
    async def scene(lab):
        plain = await asyncio.start_server(_answer_one, "127.0.0.1", 0)
        port = plain.sockets[0].getsockname()[1]
        await lab.http.get("/", name="x")
        await lab.http.get(f"http://127.0.0.1:{port}/", name="x")
        lab.http.close()
        plain.close()
        await plain.wait_closed()
        return [(tags.get("tls_version"), tags["proto"]) for tags, _ in lab.series()]

    assert play(answering(ok()), scene, tls=server_tls) == [("tls1.3", "HTTP/1.1"), (None, "HTTP/1.0")]


async def _answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()
    await writer.wait_closed()


# Who is trusted


def fails(tls, code, words, *, url=None, **options):
    async def scene(lab):
        response = await lab.http.get(url(lab.server.port) if url else "/")
        await assert_one_failure(lab, response, code)
        assert words in response.error
        assert lab.user.connect_failures == 1
        assert lab.server.requests == []
        return response

    return play(silence, scene, tls=tls, **options)


def test_an_authority_that_is_not_known():
    tls = context_for(trustme.CA(), "127.0.0.1")
    response = fails(tls, 1310, "unable to get local issuer certificate")
    assert response.tls_ns > 0
    assert response.timings.duration == 0


def test_another_host(authority):
    fails(context_for(authority, "other.test"), 1311, "IP address mismatch")
    localhost = "https://localhost:{}/".format
    fails(context_for(authority, "other.test"), 1311, "Hostname mismatch", url=localhost)


def test_insecure_trusts_everybody():
    tls = context_for(trustme.CA(), "other.test")
    assert play(answering(ok(b"whoever")), get(), tls=tls, insecure=True).body == b"whoever"


def test_a_server_that_speaks_no_tls():
    async def handler(peer: Peer):
        await peer.reader.read(100)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.end()

    assert "does not speak it" in play(handler, partial(_https_to_plain, code=1301)).error


async def _https_to_plain(lab, code=1300):
    response = await lab.http.get(f"https://127.0.0.1:{lab.server.port}/")
    await assert_one_failure(lab, response, code)
    return response


def test_a_server_that_closes_or_resets_in_the_handshake():
    async def closes(peer: Peer):
        await peer.reader.read(100)
        peer.cut()

    async def resets(peer: Peer):
        await peer.reader.read(100)
        peer.reset()

    assert "closed the connection during the handshake" in play(closes, _https_to_plain).error
    assert "Connection reset" in play(resets, _https_to_plain).error


def test_a_server_that_says_nothing_in_the_handshake():
    async def scene(lab):
        response = await lab.http.get(f"https://127.0.0.1:{lab.server.port}/", timeout=0.02)
        await assert_one_failure(lab, response, 1300)
        return response.error

    assert play(silence, scene) == "TLS failed: the handshake timed out"


def test_a_server_of_an_old_version(authority):
    tls = context_for(authority, "127.0.0.1")
    tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
    fails(tls, 1300, "TLS failed: ")


def test_plain_http_to_a_tls_server(server_tls):
    async def scene(lab):
        response = await lab.http.get(f"http://127.0.0.1:{lab.server.port}/")
        assert (response.status, response.ok) == (0, False)
        assert response.error_code in (1710, 1221, 1220)

    play(silence, scene, tls=server_tls)


# How a connection ends


def test_the_end_mark_ends_a_body_until_close(server_tls):
    response = play(once(b"HTTP/1.1 200 OK\r\n\r\n", b"all"), get(), tls=server_tls)
    assert (response.body, response.error) == (b"all", None)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nsome", "without TLS's end mark"),
        (ok(b"body")[:-1], "without TLS's end mark"),
        (b"", "without an answer"),
    ],
)
def test_an_end_without_the_end_mark_is_an_error(server_tls, answer, words):
    async def handler(peer: Peer):
        await peer.request()
        if answer:
            await peer.send(answer)
        peer.cut()

    async def scene(lab):
        response = await lab.http.get("/")
        await assert_one_failure(lab, response, 1221)
        return response.error

    assert words in play(handler, scene, tls=server_tls)


def test_an_end_mark_in_the_middle_is_an_error(server_tls):
    async def scene(lab):
        response = await lab.http.get("/")
        await assert_one_failure(lab, response, 1221)
        return response.error

    error = play(once(ok(b"body")[:-1]), scene, tls=server_tls)
    assert error == "the server closed the connection before the response was complete"


class RawPeer:
    """A TLS server by hand, so that several records go out in one piece."""

    def __init__(self, peer: Peer, context: ssl.SSLContext) -> None:
        self.peer = peer
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    async def until_done(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                await self.flush()
                data = await self.peer.reader.read(65536)
                if not data:
                    raise EOFError("the client left without TLS's end mark") from None
                self.incoming.write(data)

    async def flush(self) -> None:
        await self.peer.send(self.outgoing.read())

    async def request(self) -> bytes:
        return await self.until_done(lambda: self.tls.read(65536))

    def end(self) -> None:
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()


def raw(server_tls, act):
    """Return a handler that shakes hands and plays `act(raw peer)` over a plain socket."""

    async def handler(peer: Peer):
        by_hand = RawPeer(peer, server_tls)
        await by_hand.until_done(by_hand.tls.do_handshake)
        await by_hand.flush()
        await act(by_hand)

    return handler


def https_twice(lab_method="GET"):
    async def scene(lab):
        url = f"https://127.0.0.1:{lab.server.port}/"
        bodies = [(await lab.http.request(lab_method, url)).body for _ in range(2)]
        return bodies, lab.server.connections

    return scene


def test_data_after_the_response_in_the_same_piece_ends_the_connection(server_tls):
    """In a record of its own, which the response's record does not show."""

    async def act(peer: RawPeer):
        await peer.request()
        peer.tls.write(ok(b"answer"))
        peer.tls.write(ok(b"forged"))
        await peer.flush()
        await peer.peer.end()

    assert play(raw(server_tls, act), https_twice("POST")) == ([b"answer", b"answer"], 2)


def test_an_end_mark_with_the_response_ends_the_connection(server_tls):
    async def act(peer: RawPeer):
        await peer.request()
        peer.tls.write(ok(b"answer"))
        peer.end()
        await peer.flush()
        await peer.peer.end()

    assert play(raw(server_tls, act), https_twice("POST")) == ([b"answer", b"answer"], 2)


def test_session_tickets_that_come_with_the_answer_do_not_end_the_connection(server_tls):
    async def handler(peer: Peer):
        by_hand = RawPeer(peer, server_tls)
        await by_hand.until_done(by_hand.tls.do_handshake)
        tickets = by_hand.outgoing.read()
        assert tickets
        for held_back in (tickets, b""):
            await by_hand.request()
            by_hand.tls.write(ok(b"answer"))
            await peer.send(held_back + by_hand.outgoing.read())
        await peer.end()

    assert play(handler, https_twice("POST")) == ([b"answer"] * 2, 1)


def test_part_of_a_record_on_an_idle_connection_does_not_end_it(server_tls):
    async def act(peer: RawPeer):
        await peer.request()
        peer.tls.write(ok(b"answer"))
        await peer.flush()
        peer.tls.write(ok(b"answer"))
        record = peer.outgoing.read()
        await peer.peer.send(record[:3])
        await peer.request()
        await peer.peer.send(record[3:])
        await peer.peer.end()

    async def scene(lab):
        url = f"https://127.0.0.1:{lab.server.port}/"
        first = await lab.http.post(url)
        await turns(20)
        return [first.body, (await lab.http.post(url)).body], lab.server.connections

    assert play(raw(server_tls, act), scene) == ([b"answer"] * 2, 1)


def test_we_say_the_end_when_we_close(server_tls):
    heard = []

    async def act(peer: RawPeer):
        await peer.request()
        peer.tls.write(ok())
        await peer.flush()
        heard.append(await peer.request())

    async def scene(lab):
        await lab.http.get(f"https://127.0.0.1:{lab.server.port}/")
        lab.http.close()
        await turns(20)

    play(raw(server_tls, act), scene)
    assert heard == [b""]
