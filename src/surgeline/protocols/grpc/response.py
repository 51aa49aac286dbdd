"""What a call came to, as a script sees it. Must not know the transport."""

from dataclasses import dataclass
from typing import Any

from surgeline.protocols.grpc.metadata import Metadata


@dataclass(frozen=True, slots=True)
class Timings:
    """How long a call took, in milliseconds."""

    duration: float
    """From the call to its end: what `grpc_req_duration` records."""
    response_time: float
    """The lateness of the iteration and the duration: what a caller who came on schedule waited."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a call came to."""

    ok: bool
    """Is the status one that was expected?"""
    status: str
    """Such as "OK" or "DEADLINE_EXCEEDED"."""
    code: int
    """Its number: 0 is OK."""
    error: str
    """What the server, or the client, says of a status that is not OK."""
    message: Any
    """The answer, its fields as attributes; None where there is none."""
    headers: Metadata
    """The metadata that came before the answer."""
    trailers: Metadata
    """The metadata that came with the status."""
    timings: Timings
