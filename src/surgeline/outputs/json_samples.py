"""k6's newline-delimited JSON: a line of type Metric for each metric, and one of type Point for each sample."""

import json
from typing import Any

from surgeline.metrics.names import Metric
from surgeline.metrics.registry import Series


class JsonSamples:
    """What the lines have beside time and value."""

    name = "json"
    beginning = b""
    is_csv = False

    def declaration(self, metric: Metric) -> bytes:
        """Return the line that says what a metric is. Thresholds are not a matter of its samples: there are none."""
        data: dict[str, Any] = {
            "name": metric.name,
            "type": metric.type.value,
            "contains": metric.contains,
            "thresholds": [],
            "submetrics": None,
        }
        return _encoded({"type": "Metric", "data": data, "metric": metric.name}) + b"\n"

    def parts(self, series: Series) -> tuple[bytes, bytes, bytes]:
        """Return the parts of a Point."""
        before = b'{"metric":%b,"type":"Point","data":{"time":"' % _encoded(series.metric.name)
        after = b',"tags":%b}}\n' % _encoded(dict(sorted(series.tags.items())))
        return before, b'","value":', after


def _encoded(value: Any) -> bytes:
    """Return JSON in UTF-8. What UTF-8 cannot hold, half of a surrogate pair, becomes an escape that JSON knows."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
