"""Ways to a server: Unix sockets, TLS, large messages."""

import socket
import ssl

import http2_lab as h2
import pytest
import trustme
from grpc_lab import run
from http2_lab import CALL, one_answer, script

from surgeline.protocols.grpc.channels import Channels
from surgeline.protocols.http.addresses import parse_place


def test_large_messages_both_ways(folder, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat") as stream:
    for size in (1, 70_000, 3_000_000):
        await stream.send({"user_id": "x" * size})
        found.append(len((await stream.receive()).text))
    await stream.done_sending()
found.append(stream.response.status)
"""
    assert run(folder, script(lines), target=server.target).found == [1, 70_000, 3_000_000, "OK"]


def test_a_unix_socket(folder):
    def behave(client, _count):
        client.begin()
        stream, fields, _ = client.request()
        assert dict(fields)[":authority"] == "localhost"
        client.send(client.answer(stream))

    with h2.scripted(behave, family=socket.AF_UNIX, address=str(folder / "s")) as target:
        assert run(folder, script(CALL), target=target).found[0].ok


@pytest.mark.parametrize(
    ("target", "authority"),
    [
        ("events.example.com:443", "events.example.com:443"),
        ("[::1]:50051", "[::1]:50051"),
        ("unix:/run/s", "localhost"),
    ],
)
def test_what_requests_call_a_server(target, authority):
    assert Channels(parse_place(target, "target"), None, "vu").authority == authority


@pytest.fixture
def secured():
    """A server's TLS, which offers HTTP/2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    return context


UNVERIFIED = ", tls=TLS(verify=False)"


def test_tls_without_a_look_at_the_certificate(folder, secured):
    def behave(client, _count):
        client.begin()
        stream, fields, _ = client.request()
        assert dict(fields)[":scheme"] == "https"
        client.send(client.answer(stream))

    with h2.scripted(behave, secured) as target:
        assert run(folder, script(CALL, client=UNVERIFIED), target=target).found[0].ok


def test_a_server_of_tls_that_does_not_offer_http2(folder, secured):
    secured.set_alpn_protocols(["http/1.1"])
    with h2.scripted(one_answer, secured) as target:
        (response,) = run(folder, script(CALL, client=UNVERIFIED), target=target).found

    assert (response.status, response.error) == ("UNAVAILABLE", "TLS failed: the server does not offer HTTP/2")


def test_a_session_of_tls_is_taken_up_again(folder, secured):
    reused = []

    def behave(client, count):
        reused.append(client.sock.session_reused)
        client.begin()
        stream, _, _ = client.request()
        client.send(client.answer(stream) + h2.frame(h2.GOAWAY, 0, 0, h2.number(stream) + h2.number(0)))

    secured.maximum_version = ssl.TLSVersion.TLSv1_2
    with h2.scripted(behave, secured) as target:
        done = run(folder, script(f"{CALL}\n{CALL}", client=", tls=TLS(verify=False, resume=True)"), target=target)

    assert [one.status for one in done.found] == ["OK", "OK"]
    assert reused == [False, True]


def test_a_large_answer_over_tls(folder, secured):
    size = 2_000_000

    def behave(client, _count):
        client.begin()
        stream, _, _ = client.request()
        client.send(client.headers(stream, h2.ANSWER_HEAD))
        whole = h2.prefixed(b"\x12" + b"\x80\x89\x7a" + b"x" * size)
        for at in range(0, len(whole), 16_384):
            client.send(h2.frame(h2.DATA, 0, stream, whole[at : at + 16_384]))
            if at % (32 * 16_384) == 31 * 16_384:
                client.next(h2.WINDOW_UPDATE)
        client.send(client.headers(stream, h2.OK, h2.END_STREAM))

    with h2.scripted(behave, secured) as target:
        (response,) = run(folder, script(CALL, client=UNVERIFIED), target=target).found

    assert (response.status, len(response.message.text)) == ("OK", size)
