"""What speaks at a port, told by the first bytes that it sends to who asks for a page. Pure."""

import re

_HTTP = re.compile(rb"HTTP/1\.[01] (?P<status>\d{3})")
_SERVER = re.compile(rb"^server:[ \t]*(?P<name>[^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_TLS_ALERT = b"\x15\x03"
_MOST_SHOWN = 40
TLS = "a TLS server, spoken to in plain text"

# The order counts: what comes first is more exact.
_SPEAKERS = (
    (re.compile(rb"SSH-"), "an SSH server"),
    (re.compile(re.escape(_TLS_ALERT)), TLS),
    (re.compile(rb"AMQP"), "an AMQP broker such as RabbitMQ"),
    (re.compile(rb"-(?:ERR|NOAUTH|DENIED|WRONGTYPE|LOADING|MISCONF) |[+]PONG"), "a Redis server"),
    (re.compile(rb"...\x00(?:\x0a[\x20-\x7e]+\x00|\xff)", re.DOTALL), "a MySQL or MariaDB server"),
    (re.compile(rb"220[ -].*SMTP", re.IGNORECASE), "a mail server (SMTP)"),
    (re.compile(rb"220[ -]"), "an FTP or mail server"),
    (re.compile(rb"\* OK"), "a mail server (IMAP)"),
    (re.compile(rb"[+]OK"), "a mail server (POP3)"),
    (re.compile(rb"ERROR\r\n"), "a memcached server"),
    (re.compile(rb"RFB \d"), "a VNC server"),
    (re.compile(rb"\x00..\x04\x00\x00\x00\x00\x00", re.DOTALL), "a server of HTTP/2 alone, such as one of gRPC"),
)
# What servers of HTTPS say, in plain HTTP, to who speaks plain HTTP: nginx, Go, Apache, Tomcat.
_WANTS_TLS = re.compile(
    rb"plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled"
    rb"|combination of host and port requires TLS"
)


def status_of(answer: bytes) -> int | None:
    """Return the status of an HTTP answer; None for what is none."""
    found = _HTTP.match(answer)
    return None if found is None else int(found["status"])


def server_of(answer: bytes) -> str:
    """Return what an HTTP answer says of its server; empty where it says nothing."""
    head = answer.partition(b"\r\n\r\n")[0]
    found = _SERVER.search(head)
    return "" if found is None else found["name"].decode("latin-1").strip()


def wants_tls(answer: bytes) -> bool:
    """Does it come from a server that expects TLS?"""
    return answer.startswith(_TLS_ALERT) or (status_of(answer) == 400 and _WANTS_TLS.search(answer) is not None)


def speaker_of(answer: bytes) -> str:
    """Return what speaks, in words; at least its first bytes."""
    for pattern, name in _SPEAKERS:
        if pattern.match(answer):
            return name
    more = "..." if len(answer) > _MOST_SHOWN else ""
    return f"something that answers {answer[:_MOST_SHOWN]!r}{more}"
