"""The gRPC face of the system: takes events in, and acknowledges them as soon as they are in the buffer.

Run as a module it serves on EVENT_PORT until SIGTERM or SIGINT; then it writes what it has acknowledged, and ends. It
must not know how a change gets into the table.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc

from surgeline import SurgelineError
from surgeline_systems.application.database import connect_pool
from surgeline_systems.application.server import DRAIN_SECONDS, expect_free
from surgeline_systems.challenges.catalogue import load_catalogue
from surgeline_systems.challenges.change_buffer import BufferClosedError, BufferFullError, Change, ChangeBuffer
from surgeline_systems.challenges.event_messages import SERVICE, message_classes
from surgeline_systems.challenges.inspection import inspected
from surgeline_systems.challenges.metrics import Metrics
from surgeline_systems.challenges.progress_writer import LOGIN_STATISTIC, writer_to
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

    def __init__(self, buffer: ChangeBuffer, statistics: frozenset[str], metrics: Metrics) -> None:
        self._buffer = buffer
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
                ignored = self._take(change_of(event))
            except tuple(REFUSALS) as error:
                code = REFUSALS[type(error)]
                self._metrics.add("events_total", kind=kind, result=code.name)
                return await context.abort(code, str(error) or "not now; send it again later")
            self._metrics.add("events_total", kind=kind, result="ignored" if ignored else "OK")
            return self._messages["Acknowledged"](ignored=ignored)

        return grpc.unary_unary_rpc_method_handler(
            take, self._messages[kind].FromString, self._messages["Acknowledged"].SerializeToString
        )

    def _take(self, change: Change) -> bool:
        if change.statistic not in self._statistics:
            return True
        self._buffer.add(change)
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
    write = writer_to(pool, catalogue, metrics)
    buffer = ChangeBuffer(write, interval=settings.flush_ms / 1_000, capacity=settings.buffer_capacity)
    metrics.gauge("buffered_changes", lambda: len(buffer))
    server = grpc.aio.server(options=[(name, MOST_PENDING) for name in PENDING])
    server.add_generic_rpc_handlers((EventHandler(buffer, catalogue.statistics, metrics).service(),))
    server.add_insecure_port(f"{settings.host}:{settings.event_port}")
    with inspected(settings.host, settings.event_metrics_port, metrics):
        await server.start()
        await stopped()
        await server.stop(ANSWER_SECONDS)
        left = await buffer.close(DRAIN_SECONDS)
    if left:
        logger.error("expected to write all acknowledged events before the end, found %d changes unwritten", left)
        pool.terminate()
    await pool.close()


async def _until_a_signal() -> None:
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    await signalled.wait()


def main() -> None:
    """Serve with the settings of the environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(serve(Settings.from_environment(os.environ), _until_a_signal))
    except SurgelineError as error:
        sys.exit(str(error))
    except POSTGRES_ERRORS as error:
        sys.exit(f"expected DATABASE_URL to lead to a database, found: {error}")


if __name__ == "__main__":
    main()
