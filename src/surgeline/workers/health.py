"""How several workers fared together. Pure sums; knows no process."""

from collections.abc import Sequence

from surgeline.engine.execution import health_of_samples
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.registry import Registry


def combined_health(
    workers: Sequence[GeneratorHealth], registry: Registry, own_cpu_seconds: float, own_rss_bytes: int
) -> GeneratorHealth:
    """Return the health of the whole: a worker at its limit is a limit of all, and what each used adds up.

    The coordinator, which carries out no load, counts with what it used; samples are those of all workers.
    """
    return GeneratorHealth(
        loop_busy=max((one.loop_busy for one in workers), default=0.0),
        abandoned_requests=sum(one.abandoned_requests for one in workers),
        gc_pause_max_ms=max((one.gc_pause_max_ms for one in workers), default=0.0),
        gc_pause_total_ms=sum(one.gc_pause_total_ms for one in workers),
        cpu_seconds=sum(one.cpu_seconds for one in workers) + own_cpu_seconds,
        max_rss_bytes=sum(one.max_rss_bytes for one in workers) + own_rss_bytes,
        seconds=max((one.seconds for one in workers), default=0.0),
        saturated_seconds=max((one.saturated_seconds for one in workers), default=0.0),
        **health_of_samples(registry),
    )
