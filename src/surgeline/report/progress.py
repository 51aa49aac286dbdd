"""The live status in one line: how far the run is, what the last second was like, what went wrong so far.

Pure text. Must not know when it is shown, nor read a clock or the terminal's width.
"""

from dataclasses import dataclass

from surgeline.report.format import clock, duration, percent, rate

_BAR_MAX = 20
_BAR_MIN = 8


@dataclass(frozen=True, slots=True)
class ProgressSnapshot:
    """What the status line shows, at one moment of the run."""

    elapsed_s: float
    total_s: float | None
    """Planned length of the run; None when only the number of iterations ends it."""
    rate: float
    """Requests in the last second."""
    vus: int
    p95_ms: float | None
    """Of the last second's service times; None when no request ended in it."""
    errors: int
    """Failed requests since the start."""
    failed_share: float
    """Failed requests of all since the start, 0 to 1."""
    iterations: int
    """Completed since the start."""
    iterations_total: int | None
    """Planned; None when only time ends the run."""
    dropped: int
    """Iterations that were due and never started."""
    under_way: int | None = None
    """Keys of flows that are waited for since the load has ended; None while it goes on."""


def render_progress(snapshot: ProgressSnapshot, width: int) -> str:
    """Return the line, at most `width` characters; what does not fit is left out, the least important first."""
    line = _bar(_share_done(snapshot), min(_BAR_MAX, width // 6))
    for field in _fields(snapshot):
        longer = f"{line}  {field}" if line else field
        if len(longer) > width:
            break
        line = longer
    return line


def _fields(snapshot: ProgressSnapshot) -> list[str]:
    """Return the fields, the most important first."""
    total = f"/{clock(snapshot.total_s)}" if snapshot.total_s is not None else ""
    p95 = f"p95 {duration(snapshot.p95_ms)}" if snapshot.p95_ms is not None else "no answers"
    errors = f"{snapshot.errors:,} failed"
    if snapshot.errors:
        errors += f" ({percent(snapshot.failed_share)})"
    planned = f"/{snapshot.iterations_total:,}" if snapshot.iterations_total is not None else ""
    vus = "VU" if snapshot.vus == 1 else "VUs"
    dropped = [f"{snapshot.dropped:,} dropped"] if snapshot.dropped else []
    now = [rate(snapshot.rate), p95]
    if snapshot.under_way is not None:
        now = [f"load ended, waiting for {snapshot.under_way:,} under way in flows"]
    return [
        f"{clock(int(snapshot.elapsed_s))}{total}",
        *now,
        errors,
        *dropped,
        f"{snapshot.vus:,} {vus}",
        f"{snapshot.iterations:,}{planned} iterations",
    ]


def _share_done(snapshot: ProgressSnapshot) -> float | None:
    """Return how much is done by time or by iterations, whichever is further; None when the end is not known."""
    shares = []
    if snapshot.total_s:
        shares.append(snapshot.elapsed_s / snapshot.total_s)
    if snapshot.iterations_total:
        shares.append(snapshot.iterations / snapshot.iterations_total)
    return min(1.0, max(shares)) if shares else None


def _bar(share: float | None, cells: int) -> str:
    if share is None or cells < _BAR_MIN:
        return ""
    full = int(share * cells)
    return "█" * full + "░" * (cells - full)
