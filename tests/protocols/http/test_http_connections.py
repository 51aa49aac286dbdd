"""Which connection a request takes: kept ones, lost ones, and the next address when one does not answer."""

import asyncio
import socket

import pytest
from http_lab import Peer, answering, assert_one_failure, ok, play, turns

from surgeline._native.http_origin import Origin


def test_one_after_the_other_share_a_connection_and_several_at_once_do_not():
    async def scene(lab):
        for _ in range(3):
            await lab.http.get("/")
        one = lab.server.connections
        await asyncio.gather(*(lab.http.get("/") for _ in range(5)))
        five = lab.server.connections
        await asyncio.gather(*(lab.http.get("/") for _ in range(5)))
        return one, five, lab.server.connections

    assert play(answering(ok()), scene) == (1, 5, 5)


def test_a_connection_that_the_server_closed_while_idle_is_replaced():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(ok(b"", f"N: {peer.server.connections}"))
        await peer.close()

    async def scene(lab):
        bodies = []
        for _ in range(3):
            bodies.append((await lab.http.post("/")).headers["n"])
            await turns(20)  # the end arrives
        return bodies, [tags["status"] for tags, _ in lab.series()]

    assert play(handler, scene) == (["1", "2", "3"], ["200"])


@pytest.mark.parametrize("noise", [b"\n", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"])
def test_a_connection_on_which_the_server_talks_out_of_turn_is_closed(noise):
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(ok(b"answer"), noise)
        await peer.end()

    async def scene(lab):
        bodies = []
        for _ in range(2):
            bodies.append((await lab.http.get("/")).body)
            await turns(20)
        return bodies, lab.server.connections

    assert play(handler, scene) == ([b"answer", b"answer"], 2)


def leaving_in_silence(last_words: str):
    """Answer the first request of the first connection; at the second one, leave."""

    async def handler(peer: Peer):
        first = peer.server.connections == 1
        while await peer.request():
            if first and len(peer.server.requests) == 2:
                (peer.reset if last_words == "reset" else peer.cut)()
                break
            await peer.send(ok(b"", f"N: {peer.server.connections}"))

    return handler


@pytest.mark.parametrize("last_words", ["reset", "end"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_safe_request_that_met_the_end_of_a_kept_connection_is_sent_again(method, last_words):
    async def scene(lab):
        await lab.http.request(method, "/")
        response = await lab.http.request(method, "/")
        (_, value) = lab.only()
        return response, value.count, lab.server.requests, lab.server.connections

    response, samples, requests, connections = play(leaving_in_silence(last_words), scene)
    assert (response.status, response.error, samples, connections) == (200, None, 2, 2)
    assert requests[1] == requests[2]
    assert response.blocked_ns >= response.connecting_ns > 0


@pytest.mark.parametrize(("last_words", "code"), [("reset", 1220), ("end", 1221)])
def test_a_request_that_may_have_changed_something_is_not(last_words, code):
    async def scene(lab):
        await lab.http.post("/")
        response = await lab.http.post("/")
        return response, len(lab.server.requests), (await lab.http.post("/")).status

    response, requests, later = play(leaving_in_silence(last_words), scene)
    assert (response.status, response.error_code, requests, later) == (0, code, 2, 200)


def test_a_first_request_is_not_sent_again():
    async def handler(peer: Peer):
        await peer.request()
        peer.cut()

    async def scene(lab):
        response = await lab.http.get("/")
        await assert_one_failure(lab, response, 1221)
        return response.error, lab.server.connections

    assert play(handler, scene) == ("the server closed the connection without an answer", 1)


def test_a_request_is_sent_again_only_once():
    async def handler(peer: Peer):
        await peer.request()
        if peer.server.connections == 1:
            await peer.send(ok())
            await peer.request()
        peer.cut()

    async def scene(lab):
        await lab.http.get("/")
        return (await lab.http.get("/")).error_code, lab.server.connections

    assert play(handler, scene) == (1221, 2)


def test_a_request_that_was_answered_in_part_is_not_sent_again():
    async def handler(peer: Peer):
        await peer.request()
        await peer.send(ok())
        await peer.request()
        await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.cut()

    async def scene(lab):
        await lab.http.get("/")
        return (await lab.http.get("/")).error_code, lab.server.connections

    assert play(handler, scene) == (1221, 1)


def test_two_origins_have_connections_of_their_own():
    async def scene(lab):
        other = await asyncio.start_server(_say_other, "127.0.0.1", 0)
        port = other.sockets[0].getsockname()[1]
        bodies = [(await lab.http.get(url)).body for url in ("/", f"http://127.0.0.1:{port}/", "/")]
        lab.http.close()
        other.close()
        await other.wait_closed()
        return bodies, lab.server.connections

    assert play(answering(ok(b"one")), scene) == ([b"one", b"other", b"one"], 1)


async def _say_other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ok(b"other"))
    await reader.read()
    writer.close()
    await writer.wait_closed()


# A name with several addresses


def resolve_to(lab, monkeypatch, *hosts):
    """Let every name have these addresses, and count how often it is looked up."""
    lookups = []

    async def getaddrinfo(host, port, **_options):
        lookups.append(host)
        await asyncio.sleep(0)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in hosts
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return lookups


@pytest.mark.parametrize("hosts", [("::1", "127.0.0.1"), ("127.0.0.1", "::1"), ("127.0.0.2", "::1", "127.0.0.1")])
def test_where_only_one_address_listens_that_one_is_used_and_remembered(monkeypatch, hosts):
    async def scene(lab):
        lookups = resolve_to(lab, monkeypatch, *hosts)
        url = f"http://localhost:{lab.server.port}/"
        first = await asyncio.gather(*(lab.http.get(url) for _ in range(6)))
        again = await asyncio.gather(*(lab.http.get(url) for _ in range(9)))
        assert {response.status for response in first + again} == {200}
        assert lab.server.requests[0].startswith(b"GET / HTTP/1.1\r\nHost: localhost:")
        return lookups, lab.server.connections, lab.user.connect_failures

    assert play(answering(ok()), scene) == (["localhost"], 9, 0)


def test_where_no_address_listens_the_request_fails_once(monkeypatch):
    async def scene(lab):
        resolve_to(lab, monkeypatch, "127.0.0.2", "127.0.0.3", "::1")
        response = await lab.http.get(f"http://localhost:{lab.server.port}/")
        await assert_one_failure(lab, response, 1212)

    play(answering(ok()), scene)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_connections_that_fail_over_at_the_same_time_remember_the_same_address(monkeypatch, at_once):
    """Seen by the first address coming to life: nobody goes there any more."""

    async def scene(lab):
        resolve_to(lab, monkeypatch, "127.0.0.2", "127.0.0.1")
        url = f"http://localhost:{lab.server.port}/"
        await asyncio.gather(*(lab.http.get(url) for _ in range(at_once)))
        late = await asyncio.start_server(_say_other, "127.0.0.2", lab.server.port)
        responses = await asyncio.gather(*(lab.http.get(url) for _ in range(at_once + 3)))
        lab.http.close()
        late.close()
        await late.wait_closed()
        return {response.body for response in responses}

    assert play(answering(ok(b"first")), scene) == {b"first"}


def test_an_address_family_that_the_machine_does_not_have_is_passed_over():
    async def scene(lab):
        good = socket.inet_pton(socket.AF_INET, "127.0.0.1")
        address = socket.AF_INET.to_bytes(2, "little") + lab.server.port.to_bytes(2, "big") + good + bytes(8)

        def resolve(origin: Origin):
            origin.resolved([(99, b"\0" * 16), (int(socket.AF_INET), address)])

        lab.origins._origins["http", "h.test", 80] = Origin("http", "h.test", 80, None, resolve)
        return (await lab.http.get("http://h.test/")).status

    assert play(answering(ok()), scene) == 200


def test_addresses_that_are_no_ip_are_an_unknown_host(monkeypatch):
    async def scene(lab):
        async def getaddrinfo(*_arguments, **_options):
            return [(socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("/path",))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        await assert_one_failure(lab, await lab.http.get("http://h.test/"), 1101)

    play(None, scene)


def test_a_lookup_that_failed_is_tried_again(monkeypatch):
    async def scene(lab):
        url = f"http://localhost:{lab.server.port}/"

        async def getaddrinfo(*_arguments, **_options):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        with monkeypatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
            failed = await lab.http.get(url)
        return failed.error_code, failed.error, (await lab.http.get(url)).status

    code, error, later = play(answering(ok()), scene)
    assert (code, later) == (1100, 200)
    assert "Temporary failure" in error
