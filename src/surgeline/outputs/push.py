"""Outputs that push what the run came to so far to a server, every few seconds and at the end.

Knows no protocol: who sends is given. A push that fails loses nothing as long as a later one arrives: what was not
taken is sent again with what came since, so only the end of a run can be missing, and it is said how much.
"""

import logging
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from surgeline.engine.sink import Blocks
from surgeline.errors import OptionError
from surgeline.metrics.names import MetricType
from surgeline.metrics.series_limit import Tags
from surgeline.outputs.behind_a_queue import PATIENCE_SECONDS, BehindAQueue, politely
from surgeline.outputs.totals import Totals
from surgeline.result import RunFacts, RunResult

PUSH_SECONDS = 4
"""How long a push may take: one under way and the last one fit into the time that the end of a run waits."""


class PushError(Exception):
    """The server did not take a push; the text says why."""


class Sender(Protocol):
    """Sends to one kind of server."""

    @property
    def per_push(self) -> Collection[MetricType]:
        """Metrics of these types are sent as what came since the last push that arrived, others since the start."""

    def send(self, totals: Totals, since: float, until: float) -> None:
        """Send what came up to `until`, in seconds after the start; `since` is that of the last push that arrived.

        Raises PushError.
        """

    def close(self) -> None:
        """Give the connection back; a push under way may end, and is not tried again."""


@dataclass(frozen=True, slots=True)
class _Interval:
    """What came to be pushed together; `second` is the last of it."""

    totals: Totals
    second: int
    seconds: float


class Push:
    """An `Output` that pushes every `every` seconds. `name` is how messages call it."""

    def __init__(self, name: str, every: int, connect: Callable[[RunFacts], Sender]) -> None:
        self._name = name
        self._every = every
        self._connect = connect
        self._new = Totals()
        self._second = self._arrived = -1
        self._seconds = self._arrived_seconds = 0.0
        self._pushes = self._failed = 0
        self._due = self._last_failed = False

    def start(self, facts: RunFacts) -> None:
        """Make the sender; nothing is sent yet."""
        self._notify = facts.notify
        self._sender = self._connect(facts)
        self._totals = Totals()
        self._queue = BehindAQueue(self._name, "pushes", self._push, facts.notify, capacity=2**62)

    def take(self, second: int, blocks: Blocks) -> None:  # noqa: ARG002 (what a sink is called with)
        """Add the blocks to what the next push holds."""
        self._new.add(blocks)

    def end_second(self, second: int, seconds: float) -> None:
        """Push when it is time; while a push is under way, what comes waits for the next."""
        self._seconds = seconds
        self._second = max(second, self._second)
        self._due = self._due or (second + 1) % self._every == 0
        if self._due and not self._queue.waiting:
            self._hand_over()

    def finish(self, result: RunResult | None) -> None:  # noqa: ARG002 (what an output is called with)
        """Push the rest, and say what did not arrive."""
        self._hand_over()
        self._queue.close(PATIENCE_SECONDS)
        self._sender.close()
        missing = self._second - self._arrived
        how_often = f"{self._failed:,} of {self._pushes:,} pushes failed"
        if missing:
            self._notify(f"{self._name}: the last {missing:,} of {self._second + 1:,} s did not arrive; {how_often}.")
        elif self._last_failed:
            self._notify(f"{self._name}: what tear-down recorded did not arrive; {how_often}.")
        elif self._failed:
            self._notify(f"{self._name}: {how_often}; the last one arrived, and with it everything.")

    def _hand_over(self) -> None:
        self._queue.put(_Interval(self._new, self._second, self._seconds))
        self._new = Totals()
        self._due = False

    def _push(self, interval: _Interval) -> None:
        """Push, in the thread of the queue, unless nothing came since the last push, or set-up alone."""
        came = interval.second > self._arrived
        for series, value in politely(interval.totals):
            self._totals.add_one(series, value)
            came = True
        if interval.second < 0 or not came:
            return
        self._pushes += 1
        self._failed += 1
        self._last_failed = True
        try:
            self._sender.send(self._totals, self._arrived_seconds, interval.seconds)
        except PushError as error:
            if self._failed == 1:
                self._queue.say(f"{self._name}: the figures were not taken: {error}. It is tried again.")
        else:
            self._failed -= 1
            self._last_failed = False
            self._totals.forget(self._sender.per_push)
            self._arrived, self._arrived_seconds = interval.second, interval.seconds


def checked_url(text: str, option: str, example: str) -> str:
    """Return an http or https URL with a host. Raises OptionError."""
    try:
        url = urlsplit(text)
        valid = url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise OptionError(
            f'{option}: expected a URL such as {example}, found "{without_secrets(text)}"; '
            "give it with http:// or https://"
        )
    return text


def without_secrets(text: str) -> str:
    """Return the text without user names and passwords in URLs."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def encodable(tags: Tags) -> dict[str, str]:
    """Return tags that can be sent: what UTF-8 does not have is spelled out."""
    return {_encodable(tag): _encodable(value) for tag, value in tags.items()}


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


class _Reasons(logging.Handler):
    """Keeps what a library of OpenTelemetry logs: it says only there why it failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record's text."""
        self.texts.append(record.getMessage())


@contextmanager
def reasons() -> Iterator[list[str]]:
    """Collect what OpenTelemetry's exporters log meanwhile, instead of letting it run over the terminal."""
    handler = _Reasons()
    logger = logging.getLogger("opentelemetry.exporter")
    logger.addHandler(handler)
    try:
        yield handler.texts
    finally:
        logger.removeHandler(handler)


def push_error(texts: list[str]) -> PushError:
    """Return why a push failed, from what libraries say of it: the system's own words where there are some."""
    text = without_secrets(" ".join(texts))
    system = re.search(r"\[Errno -?\d+\] ([^'\"<>()\[\]]+)", text)
    if system is not None:
        return PushError(system[1].strip())
    if re.search(r"timed? ?out", text, re.IGNORECASE) and "Connection" in text:
        return PushError(f"no answer within {PUSH_SECONDS} s")
    return PushError(text.split(" for url:")[0] or "the exporter does not say why")
