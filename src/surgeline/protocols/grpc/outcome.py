"""How calls end: statuses, and what the transport and the messages make of a call. Must not know metrics."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from google.protobuf.message import DecodeError

from surgeline._native.grpc_call import GrpcCall, UnaryCall
from surgeline.judge.refusals import suggest
from surgeline.protocols.grpc.metadata import Metadata, as_mapping
from surgeline.protocols.grpc.schema import Method

STATUSES: tuple[str, ...] = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
"""By their codes."""
CANCELLED, INTERNAL, UNAVAILABLE = (STATUSES.index(name) for name in ("CANCELLED", "INTERNAL", "UNAVAILABLE"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to."""

    code: int
    error: str = ""
    """What the server, or the transport, says of a status that is not OK."""
    message: Any = None
    headers: Metadata | None = None
    trailers: Metadata | None = None

    @property
    def status(self) -> str:
        """The code's name."""
        return STATUSES[self.code]


BROKEN_OFF = Outcome(CANCELLED, "the script ended the stream before the server did")


def outcome_of(call: UnaryCall, method: Method) -> Outcome:
    """Return what a unary call came to, that has ended."""
    if call.code or call.message is None:
        return end_of(call)
    message, wrong = decoded(call.message, method)
    code = INTERNAL if wrong else 0
    return Outcome(code, wrong, message, as_mapping(call.headers), as_mapping(call.trailers))


def end_of(call: GrpcCall) -> Outcome:
    """Return what a call came to that has ended, but for its messages."""
    error = call.error or STATUSES[call.code] if call.code else ""
    return Outcome(call.code, error, None, as_mapping(call.headers), as_mapping(call.trailers))


def decoded(raw: bytes, method: Method) -> tuple[Any, str]:
    """Return the message, or None and what is wrong with it."""
    try:
        return method.response.FromString(raw), ""
    except DecodeError:
        return (
            None,
            f"expected the message {method.response.DESCRIPTOR.full_name}, found {len(raw):,} bytes that are none",
        )


@lru_cache
def expected_codes(statuses: tuple[str, ...]) -> frozenset[int]:
    """Return the codes that count as success. Raises ValueError for what is no status."""
    for status in statuses:
        if status not in STATUSES:
            raise ValueError(f"expect: expected statuses of gRPC, found {status!r}{suggest(str(status), STATUSES)}")
    return frozenset(map(STATUSES.index, statuses))
