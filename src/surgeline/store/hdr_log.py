"""Histograms as a log in HdrHistogram's V2 form, which its own tools read and draw.

Our buckets are those of an HdrHistogram of unit 1 and three significant digits (1,024 an octave), so that counts map
bucket to bucket and nothing is lost. Knows no run file.

The form: https://github.com/HdrHistogram/HdrHistogram, `HistogramLogWriter` (version 1.3 of the log) and
`AbstractHistogram.encodeIntoByteBuffer` (V2 encoding, base64 of its compressed form).
"""

import base64
import struct
import zlib
from datetime import datetime
from typing import TextIO
from urllib.parse import quote

from surgeline._native.histogram import Histogram
from surgeline.engine.sink import Blocks
from surgeline.metrics.names import MetricType
from surgeline.metrics.registry import TEARDOWN, Series

_COOKIE = 0x1C849303 | 0x10
_COMPRESSED_COOKIE = 0x1C849304 | 0x10
_SIGNIFICANT_DIGITS = 3
_SUB_BITS = 10
_LOWEST = 1
_HIGHEST = 3_600_000_000_000
"""An hour of nanoseconds; more where a histogram holds more."""
_LARGEST = 2**63 - 1
"""The form has signed numbers."""
_LAST_BUCKET = (54 << _SUB_BITS) - 1
"""Where the largest value counts."""


class HdrLog:
    """A sink that writes the trends of each second, one line for each series."""

    def __init__(self, file: TextIO, started_at: datetime) -> None:
        self._file = file
        self._blocks: Blocks = []
        epoch = started_at.timestamp()
        file.write(
            "#[Histogram log format version 1.3]\n"
            f"#[StartTime: {epoch:.3f} (seconds since epoch), {started_at.isoformat()}]\n"
            f"#[BaseTime: {epoch:.3f} (seconds since epoch)]\n"
            '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
        )
        self.lines = 0
        """How many histograms were written."""

    def take(self, _second: int, blocks: Blocks) -> None:
        """Take the series of a second."""
        self._blocks += [(series, block) for series, block in blocks if series.metric.type is MetricType.TREND]

    def end_second(self, second: int, seconds: float) -> None:
        """Write the second. Set-up is a moment before the load, tear-down one after it."""
        start = seconds if second == TEARDOWN else max(second, 0)
        for series, histogram in self._blocks:
            self._file.write(log_line(series, histogram, start, max(0.0, seconds - start)))
            self.lines += 1
        self._blocks = []


def log_line(series: Series, histogram: Histogram, start_s: float, length_s: float) -> str:
    """Return the line of one series over some time; its largest value is given in the unit that users see."""
    largest = histogram.max / series.metric.scale
    return f"Tag={_tag(series)},{start_s:.3f},{length_s:.3f},{largest:.3f},{encode_v2(histogram).decode()}\n"


def _tag(series: Series) -> str:
    """A tag of the log may hold no comma and no space."""
    tags = ";".join(f"{key}={value}" for key, value in sorted(series.tags.items()))
    name = f"{series.metric.name}{{{tags}}}" if tags else series.metric.name
    return quote(name, safe="{};=/:()!?&@+*$~'[]|<>", errors="replace")


def encode_v2(histogram: Histogram) -> bytes:
    """Return the base64 of the compressed V2 encoding. Values from 2**63 on count as the largest that it can hold."""
    counts = _zigzag_counts(histogram)
    head = struct.pack(
        ">iiiiqqd",
        _COOKIE,
        len(counts),
        0,
        _SIGNIFICANT_DIGITS,
        _LOWEST,
        max(_HIGHEST, min(histogram.max, _LARGEST)),
        1.0,
    )
    payload = zlib.compress(head + counts)
    return base64.b64encode(struct.pack(">ii", _COMPRESSED_COOKIE, len(payload)) + payload)


def _zigzag_counts(histogram: Histogram) -> bytes:
    """Return the counts from bucket 0 on, runs of empty buckets as one negative number, as ZigZag LEB128."""
    counts: dict[int, int] = {}
    for lowest, width, count in histogram.buckets():
        shift = width.bit_length() - 1
        index = min((shift << _SUB_BITS) + (lowest >> shift), _LAST_BUCKET)
        counts[index] = counts.get(index, 0) + count
    out = bytearray()
    following = 0
    for index, count in counts.items():
        if index > following:
            _put(out, following - index)
        _put(out, count)
        following = index + 1
    return bytes(out)


def _put(out: bytearray, value: int) -> None:
    """Append a number of 64 bits with its sign in its lowest bit, seven bits a byte; the ninth byte takes eight."""
    rest = (value << 1) ^ (value >> 63)
    for _ in range(8):
        if rest < 0x80:
            break
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
