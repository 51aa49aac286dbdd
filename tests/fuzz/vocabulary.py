"""What a hostile server can say without the fuzzer having to find each byte: pieces of HTTP, valid responses of every
framing, and ways to spoil them.
"""

import gzip
from collections.abc import Callable

PIECES: tuple[bytes, ...] = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b":", b";", b",", b"0", b"5", b"-", b"\0", b"\x7f", b"\x80",
    b"\xff", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200\r\n", b"HTTP/1.1 204 No Content\r\n",
    b"HTTP/1.1 304 Not Modified\r\n", b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.1 099 X\r\n", b"HTTP/1.1 1000 X\r\n", b"HTTP/1.1 999 X\r\n", b"HTTP/2 200 OK\r\n", b"HTTP/1.2 200 OK\r\n",
    b"HTTP/1.1  200 OK\r\n", b"ICY 200 OK\r\n", b"Content-Length: 0\r\n", b"Content-Length: 5\r\n",
    b"Content-Length: 5, 5\r\n", b"Content-Length: 5, 6\r\n", b"Content-Length: -1\r\n", b"Content-Length: +5\r\n",
    b"Content-Length: 18446744073709551615\r\n", b"Content-Length: 18446744073709551616\r\n",
    b"Content-Length: 9223372036854775807\r\n", b"Content-Length:\r\n", b"Content-Length: 134217728\r\n",
    b"Content-Length : 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n", b"Transfer-Encoding: identity\r\n", b"Connection: close\r\n",
    b"Connection: keep-alive\r\n", b"Connection: Upgrade\r\n", b"Keep-Alive: timeout=0\r\n", b" folded\r\n",
    b"Name\r\n", b": no name\r\n", b"N\xc3\xa4me: v\r\n", b"Name: \xff\xfe\r\n", b"Set-Cookie: a=b\r\n",
    b"Set-Cookie: a=b; Max-Age=0; Path=/; Domain=127.0.0.1; Secure; HttpOnly\r\n", b"Set-Cookie: =\r\n",
    b"Set-Cookie: a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n", b"Set-Cookie: a=b; Expires=99\r\n",
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n", b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n",
    b"Location: /1\r\n", b"Location: \r\n", b"Location: //\r\n", b"Location: http://[::1\r\n",
    b"Location: http://a:99999/\r\n", b"Location: ?q\r\n", b"Location: ../../..\r\n", b"Location: \xff\xfe\r\n",
    b"Location: file:///etc\r\n", b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n",
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n",
    b"WWW-Authenticate: Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=MD5\r\n",
    b"WWW-Authenticate: Digest realm=\"a, nonce\r\n", b"WWW-Authenticate: Basic\r\n", b"Retry-After: 0\r\n",
    b"Retry-After: -1\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: deflate, br\r\n",
    gzip.compress(b"hello", mtime=0), b"Content-Type: application/json\r\n",
    b"Content-Type: text/html; charset=utf-16\r\n", b"Content-Type: text/event-stream\r\n",
    b"Content-Type: a; charset=\"rot13\"\r\n", b"data: x\n\n", b"hello", b"5\r\nhello\r\n", b"0\r\n\r\n",
    b"0\r\nTrailer: x\r\n\r\n", b"5;a=b\r\nhello\r\n", b"5 \r\nhello\r\n", b"05\r\nhello\r\n", b"ffffffffffffffff\r\n",
    b"fffffffffffffffff\r\n", b"8000000\r\n", b"5\nhello\n", b"5\r\nhelloXX", b"g\r\n", b"-5\r\n",
    b"\x16\x03\x01\x00\x05hello", b"\x15\x03\x03\x00\x02\x02\x28", b"\x15\x03\x03\x00\x02\x01\x00",
    b"\x17\x03\x03\xff\xff", b"{\"a\":[1,2,{\"b\":null}]}", b"[" * 200, b"\x00" * 100,
)  # fmt: skip


def _with_length(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields, b"", b""]
    return b"\r\n".join(lines) + body


def _chunked(body: bytes, *, size: int, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n" + trailer + b"\r\n"


RESPONSES: dict[str, Callable[[bytes], bytes]] = {
    "with_length": _with_length,
    "chunked": lambda body: _chunked(body, size=4096),
    "chunked_with_trailer": lambda body: _chunked(
        body, size=max(1, len(body) // 8), extension=b";a=b", trailer=b"Sum: 1\r\n"
    ),
    "until_close": lambda body: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body,
    "kept_1_0": lambda body: (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    ),
    "until_close_1_0": lambda body: b"HTTP/1.0 200 OK\r\n\r\n" + body,
    "no_content": lambda _: b"HTTP/1.1 204 No Content\r\n\r\n",
    "not_modified": lambda body: b"HTTP/1.1 304 Not Modified\r\nContent-Length: %d\r\n\r\n" % len(body),
    "after_continue": lambda body: b"HTTP/1.1 100 Continue\r\n\r\n" + _with_length(body),
    "after_hints": lambda body: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + _chunked(body, size=1000),
    "switching": lambda body: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + body,
    "cookies": lambda body: _with_length(body, b"Set-Cookie: a=b; Path=/", b"Set-Cookie: c=d; Max-Age=5"),
    "redirect": lambda body: _with_length(body, b"Location: /1", status=b"302 Found"),
    "redirect_same_method": lambda body: _with_length(body, b"Location: /1", status=b"307 Temporary Redirect"),
    "digest": lambda body: _with_length(
        body, b'WWW-Authenticate: Digest realm="a", nonce="b", qop="auth"', status=b"401 Unauthorized"
    ),
    "retry": lambda body: _with_length(body, b"Retry-After: 0", status=b"503 Service Unavailable"),
    "gzip": lambda body: _with_length(gzip.compress(body, 1, mtime=0), b"Content-Encoding: gzip"),
    "last_one": lambda body: _with_length(
        body, b"Content-Type: application/json", b"Connection: close", status=b"404 Not Found"
    ),
    "and_another": lambda body: _with_length(body) + _with_length(b"unasked"),
    "many_fields": lambda body: _with_length(body, *(b"Name-%d: value" % place for place in range(300))),
}
"""Each makes a response of a body; all but the last two are such as a good server might send."""

BODIES: tuple[bytes, ...] = (
    b"",
    b"x",
    b"hello",
    b'{"a": [1, 2.5, "\\u00e9"]}',
    b"\xff\xfe\x00" * 33,
    b"data: x\n\n",
    b"k" * 1000,
    b"b" * 70_000,
    b"l" * 300_000,
)

SPOILERS: dict[str, Callable[[bytes, int, int], bytes]] = {
    "other_byte": lambda data, at, value: data[:at] + bytes([value]) + data[at + 1 :],
    "gap": lambda data, at, value: data[:at] + data[at + 1 + value :],
    "piece": lambda data, at, value: data[:at] + PIECES[value % len(PIECES)] + data[at:],
    "twice": lambda data, at, value: data[:at] + data[at : at + value] * 2 + data[at + value :],
    "cut": lambda data, at, _: data[:at],
    "run": lambda data, at, value: data[:at] + bytes([value]) * value + data[at:],
    "backwards": lambda data, at, value: data[:at] + data[at : at + value][::-1] + data[at + value :],
    "other_case": lambda data, at, _: data[:at] + data[at:].swapcase(),
}
"""Each spoils data at a place; the value says how."""


def spoil(data: bytes, how: str, place: int, value: int) -> bytes:
    """Return the data, spoilt; places past its end begin again at its beginning."""
    return SPOILERS[how](data, place % (len(data) + 1), value)
