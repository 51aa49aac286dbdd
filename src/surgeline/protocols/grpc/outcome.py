"""How calls end: the one place that knows grpcio's exceptions and statuses. Must not know metrics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from surgeline.judge.refusals import suggest
from surgeline.protocols.grpc.schema import Method

STATUSES: tuple[str, ...] = tuple(code.name for code in sorted(grpc.StatusCode, key=lambda code: code.value[0]))
"""By their codes."""
CANCELLED, INTERNAL, UNAVAILABLE = (STATUSES.index(name) for name in ("CANCELLED", "INTERNAL", "UNAVAILABLE"))
Metadata = Mapping[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to."""

    code: int
    error: str = ""
    """What the server, or grpcio, says of a status that is not OK."""
    message: Any = None
    headers: Metadata | None = None
    trailers: Metadata | None = None

    @property
    def status(self) -> str:
        """The code's name."""
        return STATUSES[self.code]


BROKEN_OFF = Outcome(CANCELLED, "the script ended the stream before the server did")


async def outcome_of(call: Any, method: Method) -> Outcome:
    """Wait for the end of a unary call."""
    try:
        raw = await call
        headers, trailers = await call.initial_metadata(), await call.trailing_metadata()
    except grpc.aio.AioRpcError as error:
        return failed(error)
    message, wrong = decoded(raw, method)
    return Outcome(INTERNAL if wrong else 0, wrong, message, as_mapping(headers), as_mapping(trailers))


async def was_written(call: Any, raw: bytes) -> bool:
    """Send a message on a stream; False where the stream has ended, and whoever reads is told how.

    grpcio's own `write` would, where the server ends the stream meanwhile, put an INTERNAL in the place of its status.
    """
    try:
        await call.wait_for_connection()
        await call._cython_call.send_serialized_message(raw)
    except (grpc.aio.AioRpcError, grpc._cython.cygrpc.InternalError):
        return False
    return True


def failed(error: "grpc.aio.AioRpcError") -> Outcome:
    """Return the outcome that grpcio raises."""
    headers, trailers = as_mapping(error.initial_metadata()), as_mapping(error.trailing_metadata())
    return Outcome(error.code().value[0], error.details() or error.code().name, None, headers, trailers)


def decoded(raw: bytes, method: Method) -> tuple[Any, str]:
    """Return the message, or None and what is wrong with it."""
    try:
        return method.response.FromString(raw), ""
    except DecodeError:
        return (
            None,
            f"expected the message {method.response.DESCRIPTOR.full_name}, found {len(raw):,} bytes that are none",
        )


def as_mapping(metadata: Iterable[tuple[str, str | bytes]] | None) -> Metadata:
    """Return metadata by key; texts of one key are joined with commas, as the protocol allows."""
    found: dict[str, str | bytes] = {}
    for key, value in metadata or ():
        before = found.get(key)
        found[key] = f"{before}, {value}" if isinstance(before, str) and isinstance(value, str) else value
    return found


@lru_cache
def expected_codes(statuses: tuple[str, ...]) -> frozenset[int]:
    """Return the codes that count as success. Raises ValueError for what is no status."""
    for status in statuses:
        if status not in STATUSES:
            raise ValueError(f"expect: expected statuses of gRPC, found {status!r}{suggest(str(status), STATUSES)}")
    return frozenset(map(STATUSES.index, statuses))
