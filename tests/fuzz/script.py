"""The script of a scene: tasks that call the HTTP client of one virtual user as scripts do, and then some.

What a script can do is the table `ACTIONS`. Whatever is started is kept in `Script.calls`, so that afterwards each can
be asked how it ended.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.fuzz.hostile_server import ECHO, HostileServer
from tests.fuzz.program import Action, Instruction, byte, entry, one_of

from surgeline.protocols.http.auth import DigestAuth
from surgeline.protocols.http.errors import ErrorCode
from surgeline.protocols.http.exchange import Retry
from surgeline.protocols.http.response import HTTPError, Response
from surgeline.protocols.http.streaming import Streaming

ACTIONS: dict[int, Action] = {}

_SHORT = 0.002
"""Seconds; what is given this long is over its time after `let_time_pass`."""
_AT_ONCE = 1e-9
_LONG = 60.0
_LONGEST = 600 * 10**9

Calls = Any  # an awaitable of a Response that can be asked and cancelled as a future


@dataclass(eq=False)
class Call:
    """A call that was started."""

    method: str
    path: str
    future: Calls
    is_streamed: bool = False


class ContractError(AssertionError):
    """The client did what it must not do."""


class Script:
    """What the tasks of a scene share."""

    def __init__(self, lab: Any, server: HostileServer) -> None:
        self.lab = lab
        self.server = server
        self.calls: list[Call] = []
        self.waiting: list[Call] = []
        """Those that nobody awaits yet."""
        self.forgotten = 0
        self.moves = 0
        """How many instructions have been played."""
        self.is_closed = False
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, tracks: tuple[tuple[Instruction, ...], ...]) -> None:
        self.tasks = [asyncio.create_task(self._play(track)) for track in tracks]

    @property
    def is_over(self) -> bool:
        return all(task.done() for task in self.tasks)

    async def _play(self, track: tuple[Instruction, ...]) -> None:
        for instruction in track:
            # A script that is cancelled, or whose call is, goes on with what comes next.
            with suppress(asyncio.CancelledError):
                await instruction.action.play(self, *instruction.operands)
            self.moves += 1

    def call(self, method: str, place: int, timeout: float, **options: Any) -> Call | None:
        """Start a call; None once the session is closed, which the client has to refuse."""
        path = f"/{place}" if place < _FIXED_PATHS else f"/{len(self.calls)}/{place}"
        try:
            if method == "GET" and timeout == _LONG and not options:
                future: Calls = self.lab.http.get(path)
            else:
                future = self.lab.http.request(method, path, timeout=timeout, **options)
        except RuntimeError:
            if not self.is_closed:
                raise
            return None
        if self.is_closed:
            raise ContractError("a closed session took a call")
        call = Call(method, path, future)
        self.calls.append(call)
        return call

    async def finish(self, call: Call | None) -> None:
        """Await a call and look at its response."""
        if call is not None:
            look_at(call, await call.future)

    def next_waiting(self, *, newest: bool = False) -> Call | None:
        return self.waiting.pop(-1 if newest else 0) if self.waiting else None


def look_at(call: Call, response: Response) -> None:
    """Ask a response for all that it can tell. Raises ContractError for what cannot be."""
    check_response(call, response)
    fields = dict(response.headers)
    assert all(response.headers.get_all(name) for name in fields)
    assert response.url in repr(response)
    assert isinstance(response.cookies, dict)
    for ask in (lambda: response.text, response.json):
        with suppress(ValueError):  # it is no JSON, or cannot be decoded
            ask()
    with suppress(HTTPError):
        response.raise_for_status()


def check_response(call: Call, response: Response) -> None:
    """Raise ContractError unless this is a response to this call, or says why there is none."""
    if response.status == 0:
        fits = bool(response.error) and response.error_code >= 1000 and not response.ok and response.raw_body == b""
        # An error of the system that no server can bring about is one of ours.
        fits = fits and response.error_code != ErrorCode.TCP
    else:
        fits = 101 <= response.status <= 999 and (response.error_code == 0 or not response.ok)
        fits = fits and response.headers.get(ECHO, _path_of(response)) == _path_of(response)
        fits = fits and (call.method != "HEAD" or response.raw_body == b"")
    times = response.timings
    spans = (times.blocked, times.connecting, times.tls_handshaking, times.sending, times.waiting, times.receiving)
    if not fits or any(not 0 <= span * 1e6 <= _LONGEST for span in spans):
        raise ContractError(f"{call}: {response!r}, code {response.error_code}, {response.head!r}, {times}")


def _path_of(response: Response) -> str:
    parts = urlsplit(response.url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


_FIXED_PATHS = 4
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE")
PAYLOADS = (b"", b"x", b"p" * 1000, b"q" * 70_000, b"r" * 300_000, b"s" * 1_000_000)
limit = one_of(_LONG, _LONG, _LONG, _LONG, _SHORT, _AT_ONCE)
payload = one_of(*PAYLOADS[:3], *PAYLOADS)


@entry(ACTIONS, 0, byte, limit)
async def get(script: Script, place: int, timeout: float) -> None:
    """GET and await."""
    await script.finish(script.call("GET", place, timeout))


@entry(ACTIONS, 1, byte, limit)
async def start_get(script: Script, place: int, timeout: float) -> None:
    """GET; something else is done before it is awaited."""
    _keep(script, script.call("GET", place, timeout))


@entry(ACTIONS, 2, byte, limit, payload)
async def post(script: Script, place: int, timeout: float, data: bytes) -> None:
    """POST and await."""
    await script.finish(script.call("POST", place, timeout, data=data))


@entry(ACTIONS, 3, byte, limit, payload)
async def start_post(script: Script, place: int, timeout: float, data: bytes) -> None:
    """POST; something else is done before it is awaited."""
    _keep(script, script.call("POST", place, timeout, data=data))


@entry(ACTIONS, 4, one_of(*METHODS), byte, limit, one_of(None, None, *PAYLOADS))
async def request(script: Script, method: str, place: int, timeout: float, data: bytes | None) -> None:
    """Send a request of any method and await it."""
    await script.finish(script.call(method, place, timeout, data=data))


@entry(ACTIONS, 5)
async def finish_oldest(script: Script) -> None:
    """Await the call that was started first."""
    await script.finish(script.next_waiting())


@entry(ACTIONS, 6)
async def finish_all(script: Script) -> None:
    """Await all calls that were started, together."""
    calls, script.waiting = script.waiting, []
    for call, ending in zip(
        calls, await asyncio.gather(*(call.future for call in calls), return_exceptions=True), strict=True
    ):
        if isinstance(ending, Response):
            look_at(call, ending)


@entry(ACTIONS, 7)
async def wait_for_first(script: Script) -> None:
    """Wait until one of the calls that were started is done."""
    if script.waiting:
        await asyncio.wait([call.future for call in script.waiting], return_when=asyncio.FIRST_COMPLETED)


@entry(ACTIONS, 8)
async def cancel_newest(script: Script) -> None:
    """Cancel the call that was started last."""
    _cancel(script.next_waiting(newest=True))


@entry(ACTIONS, 9)
async def cancel_oldest(script: Script) -> None:
    """Cancel the call that was started first."""
    _cancel(script.next_waiting())


@entry(ACTIONS, 10, byte)
async def cancel_any(script: Script, place: int) -> None:
    """Cancel any call there ever was: awaited by another task, or over."""
    if script.calls:
        _cancel(script.calls[place % len(script.calls)])


@entry(ACTIONS, 11, byte)
async def cancel_task(script: Script, place: int) -> None:
    """Cancel a task of the script; maybe this one."""
    script.tasks[place % len(script.tasks)].cancel()


@entry(ACTIONS, 12, byte)
async def rest(script: Script, turns: int) -> None:
    """Do nothing for some turns."""
    for _ in range(turns % 16):
        await asyncio.sleep(0)


@entry(ACTIONS, 13)
async def let_time_pass(script: Script) -> None:
    """Let the loop come back when every short timeout is over."""
    time.sleep(_SHORT)  # noqa: ASYNC251
    await asyncio.sleep(0)


@entry(ACTIONS, 14, byte, one_of(0, 0, _SHORT))
async def get_within(script: Script, place: int, timeout: float) -> None:
    """GET under asyncio's own timeout."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await script.finish(script.call("GET", place, _LONG))


@entry(ACTIONS, 15, byte)
async def get_forgotten(script: Script, place: int) -> None:
    """GET, and forget that it was."""
    if script.call("GET", place, _LONG) is not None:
        script.calls.pop()
        script.forgotten += 1


@entry(ACTIONS, 16, byte, byte)
async def get_and_call_back(script: Script, place: int, then: int) -> None:
    """GET, and start another from the callback."""
    call = script.call("GET", place, _LONG)
    if call is not None:
        call.future.add_done_callback(lambda _: _keep(script, script.call("GET", then, _LONG)))
    await script.finish(call)


@entry(ACTIONS, 17)
async def interrupt(script: Script) -> None:
    """Let the run end the user: from now on what is cancelled is abandoned."""
    script.lab.user.interrupted = True


@entry(ACTIONS, 18)
async def close_session(script: Script) -> None:
    """End the virtual user's client."""
    script.is_closed = True
    script.lab.http.close()


@entry(ACTIONS, 19)
async def stop_server(script: Script) -> None:
    """Let further connections be refused."""
    script.server.stop_listening()


@entry(ACTIONS, 20, one_of({"a": [1, None]}, "x" * 5000, {}), byte)
async def post_json(script: Script, value: Any, place: int) -> None:
    """POST a value as JSON, with header fields and parameters of its own."""
    options = {"json": value, "params": {"q": place}, "headers": {"X-Own": "1"}, "tags": {"kind": "json"}}
    await script.finish(script.call("POST", place, _LONG, **options))


OPTIONS: tuple[dict[str, Any], ...] = (
    {"redirects": 0},
    {"redirects": 2},
    {"retries": Retry(times=2, wait=0, longest=0)},
    {"auth": DigestAuth("user", "password")},
    {"cookies": {"own": "1"}},
    {"discard_body": True},
    {"auth": DigestAuth("user", "password"), "retries": Retry(times=1, wait=0, longest=0), "cookies": {"own": "1"}},
)


@entry(ACTIONS, 21, one_of("GET", "GET", "POST", "HEAD"), byte, limit, one_of(*OPTIONS))
async def request_with(script: Script, method: str, place: int, timeout: float, options: dict[str, Any]) -> None:
    """Send a request with options that may lead to further hops, and await it."""
    await script.finish(script.call(method, place, timeout, **options))


@entry(ACTIONS, 22, byte, limit, one_of("read", "chunks", "lines", "events", "leave", "close twice"))
async def stream(script: Script, place: int, timeout: float, how: str) -> None:
    """Read a response while it comes, or leave it in the middle."""
    call = script.call("GET", place, timeout, _stream=1 << 20)
    if call is None:
        return
    call.is_streamed = True
    async with Streaming(lambda: call.future) as response:
        check_response(call, response)
        with suppress(ValueError):  # it cannot be decoded
            await _read_stream(response, how)


async def _read_stream(response: Response, how: str) -> None:
    if how == "read":
        await response.read()
    elif how == "close twice" and response.stream is not None:
        response.stream.close()
    elif how in {"chunks", "lines", "events"}:
        async for _ in getattr(response, how)():
            await asyncio.sleep(0)


def _keep(script: Script, call: Call | None) -> None:
    if call is not None:
        script.waiting.append(call)


def _cancel(call: Call | None) -> None:
    if call is not None:
        call.future.cancel("by the script")
