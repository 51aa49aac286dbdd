"""A server that answers as the cases say, and remembers what it was sent.

The path of a request is `/TOOL/CASE/...`: so that one server serves all, and knows who asked what.
"""

import asyncio
import inspect
import socket
import ssl
import struct
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from http_script import placed_in

_TLS_HANDSHAKE = b"\x16"
"""How a client begins that speaks TLS to a port without; servers answer it as any bad request."""


@dataclass(frozen=True)
class Answer:
    """What the server says; a header with several values is sent once for each."""

    status: int = 200
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b"hello"


class Reset:
    """Close the connection with an RST."""


class Close:
    """Close the connection without an answer."""


class Silence:
    """Say nothing until the client leaves."""


@dataclass(frozen=True)
class Raw:
    """Say this, whatever it is, and close."""

    content: bytes


@dataclass(frozen=True)
class Sent:
    """A request as it came."""

    method: str
    path: str
    """Without tool and case, with the query."""
    headers: Mapping[str, tuple[str, ...]]
    """All values by name, names in small letters."""
    body: bytes

    def header(self, name):
        """Return a field's value, values joined; None where there is none."""
        values = self.headers.get(name)
        return None if values is None else ", ".join(values)


class ScriptedServer:
    """Listens while the `with` block lasts, on a thread of its own: at two ports, and at two with TLS.

    The first of these has a certificate for 127.0.0.1, the other one for another host, both by the authority `ca`.
    """

    def __init__(self, cases, ca):
        self._cases = {one.name: one for one in cases}
        self._tls = [_tls(ca, host) for host in ("127.0.0.1", "example.test")]
        self._sent = defaultdict(list)
        self._servers = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted server", daemon=True)

    def __enter__(self):
        for tls in (None, None, *self._tls):
            starting = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1_000, ssl=tls)
            self._servers.append(self._loop.run_until_complete(starting))
        self._ports = [one.sockets[0].getsockname()[1] for one in self._servers]
        self._nobody = (
            socket.socket()
        )  # bound without listening: whoever connects is refused, and nobody takes the port
        self._nobody.bind(("127.0.0.1", 0))
        self._thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._nobody.close()

    def sent(self, tool, name):
        """Return the requests of a case, in their order."""
        return self._sent[tool, name]

    def places(self, tool, name):
        """Return what each placeholder is for a case."""
        path = f"/{tool}/{name}"
        port, other_port, secure_port, misnamed_port = self._ports
        return {
            "path": path,
            "port": str(port),
            "address": f"127.0.0.1:{port}{path}",
            "here": f"http://127.0.0.1:{port}{path}",
            "there": f"http://localhost:{port}{path}",
            "elsewhere": f"http://127.0.0.1:{other_port}{path}",
            "secure": f"https://127.0.0.1:{secure_port}{path}",
            "misnamed": f"https://127.0.0.1:{misnamed_port}{path}",
            "closed": f"http://127.0.0.1:{self._nobody.getsockname()[1]}{path}",
        }

    async def _serve(self, reader, writer):
        try:
            while first := await reader.read(1):
                if first == _TLS_HANDSHAKE:
                    writer.write(b"HTTP/1.1 400 Told\r\nContent-Length: 0\r\n\r\n")
                    break
                head = first + await reader.readuntil(b"\r\n\r\n")
                tool, name, sent = await _read(head, reader)
                self._sent[tool, name].append(sent)
                if not await self._answer(reader, writer, sent, tool, name):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has left
        finally:
            writer.close()

    async def _answer(self, reader, writer, sent, tool, name):
        """Answer; return whether the connection may be used again."""
        answers = self._cases[name].answers
        answer = answers.get(sent.path) or answers.get(sent.path.partition("?")[0], Answer())
        if callable(answer):
            answer = answer(sent, self._sent[tool, name])
        if inspect.isawaitable(answer):
            answer = await answer
        match answer:
            case Reset():
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            case Close():
                pass
            case Silence():
                await reader.read()
            case Raw(content):
                writer.write(content)
                await writer.drain()
            case Answer():
                writer.write(_bytes(answer, sent.method, self.places(tool, name)))
                await writer.drain()
                return True
        return False

    async def _close(self):
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _tls(ca, host):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(host).configure_cert(context)
    return context


async def _read(head, reader):
    line, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = line.split(" ")
    headers = defaultdict(tuple)
    for one in lines:
        name, _, value = one.partition(": ")
        headers[name.lower()] += (value,)
    _, tool, name, path = target.split("/", 3)
    return tool, name, Sent(method, "/" + path, dict(headers), await _read_body(headers, reader))


async def _read_body(headers, reader):
    if "transfer-encoding" not in headers:
        return await reader.readexactly(int(headers.get("content-length", ("0",))[0]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def _bytes(answer, method, places):
    lines = [f"HTTP/1.1 {answer.status} Told"]
    for name, values in answer.headers.items():
        several = values if isinstance(values, list) else [values]
        lines += [f"{name}: {placed_in(value, places)}" for value in several]
    has_body = answer.status not in {204, 304}
    if has_body:
        lines.append(f"Content-Length: {len(answer.body)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head + (answer.body if has_body and method != "HEAD" else b"")
