"""k6's CSV: a column for each of k6's own tags, one for all others, one for metadata, which is empty here."""

from collections.abc import Iterable

from surgeline.metrics.names import Metric
from surgeline.metrics.registry import Series

TAG_COLUMNS = (
    "check",
    "error",
    "error_code",
    "expected_response",
    "group",
    "method",
    "name",
    "proto",
    "scenario",
    "service",
    "status",
    "subproto",
    "tls_version",
    "url",
)
"""k6's system tags, of those that are on by default."""


def _row(fields: Iterable[str]) -> bytes:
    return ",".join(map(_field, fields)).encode("utf-8", "backslashreplace")


def _field(text: str) -> str:
    """Quote a field as k6 does. Python's own writer leaves a lone carriage return bare: to readers, the line's end."""
    if text[:1].isspace() or any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


class CsvSamples:
    """What the lines have beside time and value."""

    name = "csv"
    beginning = _row(["metric_name", "timestamp", "metric_value", *TAG_COLUMNS, "extra_tags", "metadata"]) + b"\n"
    is_csv = True

    def declaration(self, _metric: Metric) -> bytes:
        """Return nothing: the lines tell a metric's name, and there is no place for more."""
        return b""

    def parts(self, series: Series) -> tuple[bytes, bytes, bytes]:
        """Return the parts of a line; tags without a column become `extra_tags`, as tag=value&tag=value."""
        columns = [series.tags.get(tag, "") for tag in TAG_COLUMNS]
        others = "&".join(f"{tag}={value}" for tag, value in sorted(series.tags.items()) if tag not in TAG_COLUMNS)
        return _row([series.metric.name]) + b",", b",", b"," + _row([*columns, others, ""]) + b"\n"
