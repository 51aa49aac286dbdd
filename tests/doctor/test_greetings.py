"""What speaks at a port is told by its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.doctor.greetings import server_of, speaker_of, status_of, wants_tls

SPEAKERS = {
    b"SSH-2.0-OpenSSH_9.6\r\n": "an SSH server",
    b"\x15\x03\x01\x00\x02\x02\x46": "a TLS server, spoken to in plain text",
    b"AMQP\x00\x00\x09\x01": "an AMQP broker such as RabbitMQ",
    b"-ERR wrong number of arguments for 'get' command\r\n": "a Redis server",
    b"-NOAUTH Authentication required.\r\n": "a Redis server",
    b"\x5b\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB\x00\x08\x00": "a MySQL or MariaDB server",
    b"\x45\x00\x00\x00\xff\x6a\x04Host is not allowed": "a MySQL or MariaDB server",
    b"220 mail.example.com ESMTP\r\n": "a mail server (SMTP)",
    b"220 (vsFTPd 3.0.5)\r\n": "an FTP or mail server",
    b"* OK IMAP4rev1 ready\r\n": "a mail server (IMAP)",
    b"+OK ready\r\n": "a mail server (POP3)",
    b"ERROR\r\n": "a memcached server",
    b"RFB 003.008\n": "a VNC server",
    b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03": "a server of HTTP/2 alone, such as one of gRPC",
    b"hello": "something that answers b'hello'",
    b"x" * 50: f"something that answers {b'x' * 40!r}...",
}


@pytest.mark.parametrize("first", SPEAKERS, ids=SPEAKERS.values())
def test_a_speaker_is_known_by_its_greeting(first):
    assert speaker_of(first) == SPEAKERS[first]
    assert status_of(first) is None


@given(st.binary(max_size=100))
def test_any_bytes_have_a_speaker(data):
    assert speaker_of(data)
    assert wants_tls(data) in {True, False}


@pytest.mark.parametrize(
    ("answer", "status", "server"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\nServer: not this", 200, "nginx"),
        (b"HTTP/1.0 404 Not Found\r\ndate: x\r\nserver:  gunicorn \r\n\r\n", 404, "gunicorn"),
        (b"HTTP/1.1 204\r\n\r\nServer: not this", 204, ""),
        (b"HTTP/2 200\r\n\r\n", None, ""),
    ],
)
def test_status_and_server_of_an_answer(answer, status, server):
    assert (status_of(answer), server_of(answer)) == (status, server)
