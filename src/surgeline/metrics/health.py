"""How the generator itself fared, so that its own limits are never taken for the server's.

Pure data; `engine.loop` measures it and `judge.verdict` judges it.
"""

from dataclasses import dataclass

BUSY_LIMIT = 0.90
"""A loop that is busy for more of the time than this queues what it measures."""


@dataclass(frozen=True, slots=True)
class GeneratorHealth:
    """The generator's own measurements over the time of the load."""

    loop_busy: float
    """Share of the time in which the loop was not waiting, 0 to 1."""
    lateness_p50_ms: float
    lateness_p99_ms: float
    lateness_max_ms: float
    dropped_iterations: int
    abandoned_requests: int
    """Requests under way when their iteration was interrupted."""
    gc_pause_max_ms: float
    gc_pause_total_ms: float
    cpu_seconds: float
    """User and system time of the generator's process."""
    max_rss_bytes: int
    seconds: float
    """How long all this was measured: the length of the load."""
    saturated_seconds: float = 0.0
    """How long the loop was busier than `BUSY_LIMIT`, second by second: a quiet rest of the run does not hide it."""
    requests_for_want_of_resources: int = 0
    """Requests that failed because the generator had no memory, file descriptor or local port left."""
