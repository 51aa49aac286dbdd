"""Several requests of one user side by side, as a browser loads a page: so many at once, so many for one host."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from surgeline.protocols.http.response import Response

Entry = str | tuple[Any, ...] | Mapping[str, Any]
Entries = Sequence[Entry] | Mapping[str, Entry]


class Sends(Protocol):
    """What sends a request."""

    def request(self, method: str, url: str, **options: Any) -> Awaitable[Response]:
        """Return what is there with the answer."""


class Batch:
    """The requests of one `batch` call."""

    def __init__(
        self,
        client: Sends,
        loop: asyncio.AbstractEventLoop,
        host_of: Callable[[str], str],
        most: int,
        most_per_host: int,
    ) -> None:
        self._client = client
        self._host_of = host_of
        self._most = most
        self._most_per_host = most_per_host
        self._result: asyncio.Future[Any] = loop.create_future()
        self._names: list[str] | None = None
        self._waiting: list[tuple[int, str, tuple[str, str, Mapping[str, Any]]]] = []
        self._under_way: dict[int, Any] = {}
        self._hosts: Counter[str] = Counter()
        self._responses: list[Response | None] = []

    def start(self, requests: Entries) -> Awaitable[Any]:
        """Send the first requests; return what is there when all are answered. Raises ValueError, TypeError."""
        if isinstance(requests, Mapping):
            self._names = list(requests)
            requests = list(requests.values())
        if isinstance(requests, str | bytes) or not isinstance(requests, Sequence):
            raise TypeError(f"batch: expected a list or a mapping of requests, found {requests!r}")
        read = [_read(entry) for entry in requests]
        self._waiting = [(number, self._host_of(one[1]), one) for number, one in enumerate(read)]
        self._responses = [None] * len(read)
        self._result.add_done_callback(self._end)
        try:
            self._send()
        except BaseException:
            self._result.cancel()
            raise
        return self._result

    def _send(self) -> None:
        """Send what may go out now, in order."""
        kept: list[Any] = []
        sent = 0
        for entry in self._waiting:
            number, host, (method, url, options) = entry
            if len(self._under_way) >= self._most:
                break
            if self._hosts[host] >= self._most_per_host:
                kept.append(entry)
                continue
            sent += 1
            call: Any = self._client.request(method, url, **options)
            self._under_way[number] = call
            self._hosts[host] += 1
            call.add_done_callback(partial(self._answered, number, host))
        self._waiting = kept + self._waiting[len(kept) + sent :]
        if not self._under_way and not self._result.done():
            self._result.set_result(self._answers())

    def _answered(self, number: int, host: str, call: Any) -> None:
        del self._under_way[number]
        self._hosts[host] -= 1
        if self._result.done():
            return
        try:
            self._responses[number] = call.result()
            self._send()
        except asyncio.CancelledError:
            self._result.cancel()
        except Exception as error:
            self._result.set_exception(error)

    def _answers(self) -> Any:
        return self._responses if self._names is None else dict(zip(self._names, self._responses, strict=True))

    def _end(self, _result: "asyncio.Future[Any]") -> None:
        """Whatever is under way when the result is there has nobody who waits for it."""
        self._waiting.clear()
        for call in list(self._under_way.values()):
            call.cancel()


def _read(entry: Any) -> tuple[str, str, Mapping[str, Any]]:
    match entry:
        case str(url):
            return "GET", url, {}
        case (str(method), str(url)):
            return method, url, {}
        case (str(method), str(url), Mapping() as options):
            return method, url, options
        case Mapping() if isinstance(entry.get("url"), str):
            options = {name: value for name, value in entry.items() if name not in {"method", "url"}}
            return entry.get("method", "GET"), entry["url"], options
    raise TypeError(
        "batch: expected each request as a URL, (method, url), (method, url, options) or "
        f"{{'method': ..., 'url': ..., ...}}, found {entry!r}"
    )
