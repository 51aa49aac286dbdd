"""A scripted server that answers by path, and what its requests said, for the scenes of `http_lab`."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from http_lab import Handler, Lab, Peer

Answer = bytes | Callable[[bytes], bytes]


class Sent(NamedTuple):
    """A request as the server received it."""

    line: str
    fields: dict[str, str]
    """By name in small letters."""
    body: bytes


def answer(status: int, *fields: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} Some", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def routes(table: Mapping[str, Answer]) -> Handler:
    """Answer each request by its path, as written; a function makes the answer of the request."""

    async def handler(peer: Peer) -> None:
        while request := await peer.request():
            found = table[read(request).line.split(" ")[1]]
            await peer.send(found if isinstance(found, bytes) else found(request))

    return handler


def one_by_one(*answers: bytes) -> Callable[[bytes], bytes]:
    """Return what gives the n-th answer to the n-th request, on whichever connection, and then the last."""
    left = list(answers)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def read(request: bytes) -> Sent:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    pairs = [field.partition(": ") for field in fields]
    names = [name.lower() for name, _, _ in pairs]
    assert len(set(names)) == len(names), f"a field that came twice: {names}"
    return Sent(line, {name.lower(): value for name, _, value in pairs}, body)


def received(lab: Lab) -> list[Sent]:
    return [read(request) for request in lab.server.requests]


def lines(lab: Lab) -> list[str]:
    """Return the method and target of each request."""
    return [one.line.removesuffix(" HTTP/1.1") for one in received(lab)]


def counted(lab: Lab) -> list[tuple[str, ...]]:
    """Return method, name, status and whether it was expected, of each request in `http_reqs`."""
    found: list[tuple[str, ...]] = []
    for tags, value in lab.series():
        name = tags["name"].removeprefix(lab.server.url)
        found += [(tags["method"], name, tags["status"], tags["expected_response"])] * int(value.count)
    return sorted(found)


def total(lab: Lab, metric: Any) -> float:
    return sum(float(value.count) for _, value in lab.series(metric))
