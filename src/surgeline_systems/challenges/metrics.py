"""Counters and what they come to in the text format of Prometheus. It must not know what is counted."""

from collections import defaultdict
from collections.abc import Callable

CONTENT_TYPE = "text/plain; version=0.0.4"
PREFIX = "challenges_"


class Metrics:
    """Counters, which only grow, and gauges, which are read when somebody asks."""

    def __init__(self) -> None:
        self._counters: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._gauges: dict[str, Callable[[], float]] = {}

    def add(self, name: str, amount: float = 1, **labels: object) -> None:
        """Add to a counter."""
        shown = ",".join(f'{label}="{value}"' for label, value in labels.items())
        self._counters[name][f"{{{shown}}}" if shown else ""] += amount

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Show what `read` gives."""
        self._gauges[name] = read

    def text(self) -> str:
        """All of them; read from another thread than the one that counts."""
        lines = []
        for name, values in list(self._counters.items()):
            lines.append(f"# TYPE {PREFIX}{name} counter")
            lines += [f"{PREFIX}{name}{labels} {value:g}" for labels, value in list(values.items())]
        for name, read in list(self._gauges.items()):
            lines += [f"# TYPE {PREFIX}{name} gauge", f"{PREFIX}{name} {read():g}"]
        return "\n".join(lines) + "\n"
