"""The gRPC face of the system: takes events in, and acknowledges them as soon as they are in buffer and journal.

Run as a module it serves on EVENT_PORT until SIGTERM or SIGINT; then it writes what it has acknowledged, and ends. It
must not know how a change gets into the table.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc

from surgeline import SurgelineError
from surgeline_systems.application.database import connect_pool
from surgeline_systems.application.server import DRAIN_SECONDS, expect_free
from surgeline_systems.application.stop_signals import until_signalled
from surgeline_systems.challenges import buffer_depth
from surgeline_systems.challenges.catalogue import load_catalogue
from surgeline_systems.challenges.change_buffer import BufferClosedError, BufferFullError, Change, ChangeBuffer, Write
from surgeline_systems.challenges.event_messages import SERVICE, message_classes
from surgeline_systems.challenges.inspection import inspected
from surgeline_systems.challenges.journal import Journal, journal_in
from surgeline_systems.challenges.metrics import Metrics
from surgeline_systems.challenges.progress_writer import LOGIN_STATISTIC, WriteChanges, writer_to
from surgeline_systems.challenges.settings import Settings
from surgeline_systems.servers.postgres import POSTGRES_ERRORS

logger = logging.getLogger(__name__)

# Calls that are being answered when the end comes; none of them waits for anything.
ANSWER_SECONDS = 2.0
# Calls that came in and wait for the event loop. To those above its own limits, of 1,000 and 3,000, gRPC answers
# CANCELLED, which tells a client nothing: bursts are for the buffer to refuse.
PENDING = ("grpc.server.max_pending_requests", "grpc.server.max_pending_requests_hard_limit")
MOST_PENDING = 100_000
LAST_MS = 253_402_300_799_999  # of the year 9999
REFUSALS: dict[type[Exception], grpc.StatusCode] = {
    ValueError: grpc.StatusCode.INVALID_ARGUMENT,
    BufferFullError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    BufferClosedError: grpc.StatusCode.UNAVAILABLE,
}


class EventHandler:
    """Turns events into changes, and puts these into the buffer. Statistics that no goal asks for are ignored."""

    def __init__(
        self, buffer: ChangeBuffer, journal: Journal | None, statistics: frozenset[str], metrics: Metrics
    ) -> None:
        self._buffer = buffer
        self._journal = journal
        self._statistics = statistics
        self._metrics = metrics
        self._messages = message_classes()

    def service(self) -> grpc.GenericRpcHandler:
        """The methods, for a server."""
        methods = {
            "OnLogin": self._method("LoginEvent", change_of_login),
            "OnStatisticUpdated": self._method("StatisticEvent", change_of_statistic),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def _method(self, kind: str, change_of: Callable[[Any], Change]) -> grpc.RpcMethodHandler:
        async def take(event: Any, context: grpc.aio.ServicerContext) -> Any:
            try:
                ignored = await self._take(change_of(event))
            except tuple(REFUSALS) as error:
                code = REFUSALS[type(error)]
                self._metrics.add("events_total", kind=kind, result=code.name)
                return await context.abort(code, str(error) or "not now; send it again later")
            self._metrics.add("events_total", kind=kind, result="ignored" if ignored else "OK")
            return self._messages["Acknowledged"](ignored=ignored)

        return grpc.unary_unary_rpc_method_handler(
            take, self._messages[kind].FromString, self._messages["Acknowledged"].SerializeToString
        )

    async def _take(self, change: Change) -> bool:
        if change.statistic not in self._statistics:
            return True
        batch, standing = self._buffer.add(change)
        if self._journal is not None:
            await self._journal.keep(batch, standing)
        return False


def change_of_login(event: Any) -> Change:
    """A day more, whenever on that day it was. Raises: ValueError."""
    day = _time(event.at_ms).replace(hour=0, minute=0, second=0, microsecond=0)
    return Change(_user(event.user_id), LOGIN_STATISTIC, None, day)


def change_of_statistic(event: Any) -> Change:
    """A new value. Raises: ValueError."""
    if event.stat_code == LOGIN_STATISTIC:
        raise ValueError(f"stat_code: expected another than {LOGIN_STATISTIC}, which OnLogin counts")
    if event.value < 0:
        raise ValueError(f"value: expected 0 or more, found {event.value}")
    return Change(_user(event.user_id), event.stat_code, event.value, _time(event.at_ms))


def _user(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError(f"user_id: expected a UUID, found {text!r}") from None


def _time(milliseconds: int) -> datetime:
    if not 0 <= milliseconds <= LAST_MS:
        raise ValueError(f"at_ms: expected milliseconds since 1970, or 0 for now, found {milliseconds}")
    return datetime.fromtimestamp(milliseconds / 1_000, UTC) if milliseconds else datetime.now(UTC)


async def serve(settings: Settings, stopped: Callable[[], Awaitable[object]]) -> None:
    """Serve until `stopped` has come, and write what was acknowledged. Raises: SurgelineError."""
    expect_free(settings.host, settings.event_port)
    catalogue, metrics = load_catalogue(settings.challenges_file), Metrics()
    pool = await connect_pool(settings.database_url, 1, "surgeline challenges events")
    journal = await journal_in(settings.redis_url, settings.database_url) if settings.redis_url else None
    write = await _writing_what_was_left(writer_to(pool, catalogue, metrics), journal)
    buffer = ChangeBuffer(write, interval=settings.flush_ms / 1_000, capacity=settings.buffer_capacity)
    metrics.gauge(buffer_depth.METRIC, lambda: len(buffer))
    server = grpc.aio.server(options=[(name, MOST_PENDING) for name in PENDING])
    server.add_generic_rpc_handlers((EventHandler(buffer, journal, catalogue.statistics, metrics).service(),))
    server.add_insecure_port(f"{settings.host}:{settings.event_port}")
    with inspected(settings.host, settings.event_metrics_port, metrics):
        await server.start()
        await stopped()
        await server.stop(ANSWER_SECONDS)
        left = await buffer.close(DRAIN_SECONDS)
        if journal is not None:
            await journal.close()
    if left:
        logger.error("expected to write all acknowledged events before the end, found %d changes unwritten", left)
        pool.terminate()
    await pool.close()


async def _writing_what_was_left(write: WriteChanges, journal: Journal | None) -> Write:
    """Write what a killed handler left; gives how batches are written from now on."""
    if journal is not None:
        for changes in await journal.left():
            await write(changes)
        await journal.clear()

    async def write_batch(batch: int, changes: Sequence[Change]) -> None:
        await write(changes)
        if journal is not None:
            journal.forget(batch, changes)

    return write_batch


def main() -> None:
    """Serve with the settings of the environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(serve(Settings.from_environment(os.environ), until_signalled))
    except SurgelineError as error:
        sys.exit(str(error))
    except POSTGRES_ERRORS as error:
        sys.exit(f"expected DATABASE_URL to lead to a database, found: {error}")


if __name__ == "__main__":
    main()
