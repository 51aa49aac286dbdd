"""Clients with options of their own for the scenes of `http_lab`, and a look-up that answers what a test says."""

import asyncio
import socket
import ssl
from typing import Any

from http_lab import Handler, Lab, Server

from surgeline._native.iteration import UserState
from surgeline.engine.scope import Scope
from surgeline.protocols.http.client import HttpClient
from surgeline.protocols.http.options import HttpOptions
from surgeline.protocols.http.origins import Origins
from surgeline.protocols.http.scenario import HttpScenario


def client(lab: Lab, options: HttpOptions, user: UserState | None = None) -> HttpClient:
    """Return a client of the lab's loop with options of its own; it is closed by its test, or as `lab.http`."""
    return HttpClient(scenario(lab, options), user or lab.user)


def scenario(lab: Lab, options: HttpOptions) -> HttpScenario:
    """Return what the users of a scenario share, with options of their own."""
    origins = Origins(asyncio.get_running_loop(), options)
    base_url = None if lab._server is None else lab.server.url
    scope = Scope(lab.registry, {"scenario": "lab"})
    return HttpScenario(lab.poller, origins, scope, lab.notes.append, base_url=base_url, options=options)


class Names:
    """A resolver: what each name is, which may change, and what was asked."""

    def __init__(self, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): hosts for name, hosts in names.items()}
        self.asked: list[tuple[str, int, int]] = []
        """(name, port, family) of each look-up."""

    def install(self) -> None:
        """Answer the look-ups of the running loop."""
        asyncio.get_running_loop().getaddrinfo = self._getaddrinfo

    async def _getaddrinfo(self, host: str, port: int, *, family: int = 0, **more: Any) -> list[Any]:
        assert more == {"type": socket.SOCK_STREAM}
        self.asked.append((host, port, family))
        await asyncio.sleep(0)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = [_info(address, port) for address in self.names[host]]
        return [one for one in found if family in (one[0], socket.AF_UNSPEC)]


def _info(host: str, port: int) -> tuple[Any, ...]:
    if ":" in host:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (host, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))


class ServerAt(Server):
    """A scripted server on another address of this machine, or on a Unix socket."""

    def __init__(
        self,
        handler: Handler,
        tls: ssl.SSLContext | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str | None = None,
    ) -> None:
        super().__init__(handler, tls)
        self._host, self.port, self._path = host, port, path

    async def start(self) -> None:
        if self._path is not None:
            self._server = await asyncio.start_unix_server(self._connected, self._path, ssl=self._tls)
            return
        self._server = await asyncio.start_server(self._connected, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> "ServerAt":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self.errors:
            raise self.errors[0]
