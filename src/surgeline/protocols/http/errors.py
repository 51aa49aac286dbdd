"""Why a request failed: the one place where the system's, TLS's and the parser's errors become codes and words.

The codes are k6's where k6 has one (1000 to 1599); 1051, 1217 to 1219, 1221 and 1700 to 1799 are ours.
"""

import errno
import os
import socket
import ssl
from collections.abc import Callable
from enum import IntEnum
from http import HTTPStatus

from surgeline._native import http_connection as native


class ErrorCode(IntEnum):
    """What the `error_code` tag says."""

    OTHER = 1000
    TIMEOUT = 1050
    CANCELLED = 1051
    DNS = 1100
    UNKNOWN_HOST = 1101
    TCP = 1200
    BROKEN_PIPE = 1201
    CONNECT = 1210
    CONNECT_TIMEOUT = 1211
    REFUSED = 1212
    NO_MEMORY = 1217
    NO_DESCRIPTOR = 1218
    NO_PORT = 1219
    RESET = 1220
    CLOSED_EARLY = 1221
    TLS = 1300
    NO_TLS = 1301
    UNKNOWN_AUTHORITY = 1310
    WRONG_HOST = 1311
    MALFORMED = 1710
    HEAD_TOO_LARGE = 1711
    BODY_TOO_LARGE = 1712
    PROXY = 1720
    UNREADABLE_BODY = 1721


def status_code(status: int) -> int:
    """Return the error code of a response that is not expected: 1400 to 1599 for a status of 400 to 599."""
    return 1000 + status if 400 <= status <= 599 else ErrorCode.OTHER


def status_text(status: int) -> str:
    """Return a status with its standard phrase, if it has one."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def describe_error(stage: str, number: int, detail: object) -> tuple[int, str]:
    """Return (error code, words) for a call that failed at a stage of `surgeline._native.http_connection`."""
    code, text = _STAGES[stage](number, detail)
    return int(code), text


def _resolve(_number: int, detail: object) -> tuple[ErrorCode, str]:
    if isinstance(detail, socket.gaierror) and detail.errno == socket.EAI_NONAME:
        return ErrorCode.UNKNOWN_HOST, f"unknown host: {detail.strerror}"
    return ErrorCode.DNS, f"name lookup failed: {detail}"


_CONNECT = {
    errno.ECONNREFUSED: (ErrorCode.REFUSED, "connection refused"),
    errno.ETIMEDOUT: (ErrorCode.CONNECT_TIMEOUT, "connecting timed out"),
    errno.EAGAIN: (ErrorCode.CONNECT, "connecting failed: the socket's queue of waiting connections is full"),
    errno.EMFILE: (ErrorCode.NO_DESCRIPTOR, "no file descriptor left for a connection; raise `ulimit -n`"),
    errno.EADDRNOTAVAIL: (ErrorCode.NO_PORT, "no local port left for a connection"),
}

_OUR_OWN = frozenset({errno.EMFILE, errno.EADDRNOTAVAIL})

_TRANSFER = {
    errno.ECONNRESET: (ErrorCode.RESET, "connection reset by the server"),
    errno.EPIPE: (ErrorCode.BROKEN_PIPE, "the server closed the connection while we sent"),
}


def _connect(number: int, proxy: object) -> tuple[ErrorCode, str]:
    code, text = _CONNECT.get(number) or (ErrorCode.CONNECT, f"connecting failed: {os.strerror(number)}")
    if proxy is None or number in _OUR_OWN:
        return code, text
    return ErrorCode.PROXY, f"the proxy {proxy} let nobody connect: {text}"


def _connect_timeout(_number: int, proxy: object) -> tuple[ErrorCode, str]:
    return _connect(errno.ETIMEDOUT, proxy)


def _transfer(number: int, _detail: object) -> tuple[ErrorCode, str]:
    return _TRANSFER.get(number) or (ErrorCode.TCP, f"transfer failed: {os.strerror(number)}")


_HOST_MISMATCH = (62, 64)
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST")
_UNKNOWN_AUTHORITY = (18, 19, 20, 21)


def _tls(number: int, detail: object) -> tuple[ErrorCode, str]:
    if isinstance(detail, ssl.SSLCertVerificationError):
        text = f"certificate not accepted: {detail.verify_message}"
        if detail.verify_code in _HOST_MISMATCH:
            return ErrorCode.WRONG_HOST, text
        if detail.verify_code in _UNKNOWN_AUTHORITY:
            return ErrorCode.UNKNOWN_AUTHORITY, text
        return ErrorCode.TLS, text
    if isinstance(detail, ssl.SSLError) and detail.reason in _NO_TLS:
        return ErrorCode.NO_TLS, "TLS failed: the server does not speak it"
    if isinstance(detail, ssl.SSLError):
        return ErrorCode.TLS, f"TLS failed: {detail.reason or detail}"
    return ErrorCode.TLS, f"TLS failed: {detail or os.strerror(number)}"


def _tunnel(number: int, detail: object) -> tuple[ErrorCode, str]:
    if isinstance(detail, int):
        return ErrorCode.PROXY, f"the proxy refused a connection: {status_text(detail)}"
    return ErrorCode.PROXY, f"the proxy gave no connection: {detail or os.strerror(number)}"


def _body(_number: int, detail: object) -> tuple[ErrorCode, str]:
    """Only what the system says is told: a script's own exceptions may be others each time, and each a series."""
    why = f"{type(detail).__name__}: {detail}" if isinstance(detail, OSError) else type(detail).__name__
    return ErrorCode.UNREADABLE_BODY, f"the request's body could not be read: {why}"


_ABOVE_A_LIMIT = frozenset(
    {
        native.LINE_TOO_LONG,
        native.HEAD_TOO_LARGE,
        native.TOO_MANY_HEADERS,
        native.TOO_MANY_INTERIM,
        native.EXTENSION_TOO_LARGE,
        native.TRAILER_TOO_LARGE,
    }
)


def _parse(number: int, _detail: object) -> tuple[ErrorCode, str]:
    if number == native.NO_MEMORY:
        return ErrorCode.NO_MEMORY, "out of memory for the response"
    text = native.parse_error_text(number)
    if number == native.BODY_TOO_LARGE:
        return ErrorCode.BODY_TOO_LARGE, f"{text}; HttpLimits(body_bytes=...) and max_body= of a stream say how large"
    if number in _ABOVE_A_LIMIT:
        return ErrorCode.HEAD_TOO_LARGE, f"{text}; HttpLimits(...) says how much there may be"
    return ErrorCode.MALFORMED, f"malformed response: {text}"


_CLOSED = {
    native.CLOSED_UNANSWERED: "the server closed the connection without an answer",
    native.NO_END_MARK: "the server closed the connection without TLS's end mark; the response may have been cut",
}


def _closed(number: int, _detail: object) -> tuple[ErrorCode, str]:
    return ErrorCode.CLOSED_EARLY, _CLOSED.get(
        number, "the server closed the connection before the response was complete"
    )


_STAGES: dict[str, Callable[[int, object], tuple[ErrorCode, str]]] = {
    native.STAGE_RESOLVE: _resolve,
    native.STAGE_CONNECT: _connect,
    native.STAGE_TUNNEL: _tunnel,
    native.STAGE_TLS: _tls,
    native.STAGE_BODY: _body,
    native.STAGE_SEND: _transfer,
    native.STAGE_RECEIVE: _transfer,
    native.STAGE_PARSE: _parse,
    native.STAGE_CLOSED: _closed,
    native.STAGE_TIMEOUT: lambda _number, _detail: (ErrorCode.TIMEOUT, "request timed out"),
    native.STAGE_CONNECT_TIMEOUT: _connect_timeout,
    native.STAGE_CANCELLED: lambda _number, _detail: (ErrorCode.CANCELLED, "cancelled by the script"),
}
