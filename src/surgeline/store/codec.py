"""What a run file holds in its own forms: results and thresholds as JSON, the histograms of a second in one blob.

Knows no database. What is encoded here decodes to equal data, also what strict JSON would refuse: NaN, and texts that
are no Unicode, such as paths may be.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any, get_type_hints

import msgspec

from surgeline._native.histogram import Histogram
from surgeline.judge.grammar import Threshold
from surgeline.result import Metrics, RunResult

_LEVEL = 6
_BLOB_SIZE = 64_000


def pack(forms: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Yield blobs of (series, encoded histogram) pairs, few and none of them huge; see `schema`."""
    flat: list[int | bytes] = []
    size = 0
    for series, form in forms:
        flat += (series, form[::2] + form[1::2])
        size += len(form)
        if size >= _BLOB_SIZE:
            yield _compress(msgspec.msgpack.encode(flat))
            flat, size = [], 0
    if flat:
        yield _compress(msgspec.msgpack.encode(flat))


def _compress(data: bytes) -> bytes:
    """The forms have few repetitions to find, and small numbers that are mostly alike."""
    squeeze = zlib.compressobj(_LEVEL, strategy=zlib.Z_FILTERED)
    return squeeze.compress(data) + squeeze.flush()


def unpack(blob: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the (series, encoded histogram) pairs of a blob."""
    flat = msgspec.msgpack.decode(zlib.decompress(blob))
    for series, halves in zip(flat[::2], flat[1::2], strict=True):
        middle = (len(halves) + 1) // 2
        form = bytearray(len(halves))
        form[::2], form[1::2] = halves[:middle], halves[middle:]
        yield series, bytes(form)


def encode_thresholds(thresholds: tuple[Threshold, ...]) -> str:
    """Return thresholds as JSON."""
    return json.dumps(msgspec.to_builtins(thresholds))


def decode_thresholds(text: str) -> tuple[Threshold, ...]:
    """Return the thresholds of a JSON text."""
    return msgspec.convert(json.loads(text), tuple[Threshold, ...])


def encode_result(result: RunResult) -> str:
    """Return a result as JSON, without its metrics."""
    stored = {field.name: getattr(result, field.name) for field in fields(result) if field.name != "metrics"}
    # A name such as CET is more than an offset, and the summary shows it.
    stored["started_at"] = (result.started_at.isoformat(), result.started_at.tzname())
    return json.dumps(msgspec.to_builtins(stored, enc_hook=_to_json))


def decode_result(text: str, metrics: Metrics) -> RunResult:
    """Return the result of a JSON text, with these metrics. What the text does not have keeps its default."""
    hints: dict[str, Any] = get_type_hints(RunResult) | {"started_at": tuple[datetime, str]}
    stored = {
        name: msgspec.convert(value, hints[name], dec_hook=_from_json)
        for name, value in json.loads(text).items()
        if name in hints
    }
    stored["started_at"] = _with_zone(*stored["started_at"])
    return RunResult(**stored, metrics=metrics)


def _with_zone(when: datetime, zone: str) -> datetime:
    return when.replace(tzinfo=timezone(when.utcoffset() or timedelta(), zone))


def _to_json(value: Any) -> Any:
    if isinstance(value, Histogram):
        return value.encode()
    raise NotImplementedError(f"expected data that a result is made of, found {type(value)}")


def _from_json(kind: type, value: Any) -> Any:
    if kind is Histogram:
        return Histogram.decode(msgspec.convert(value, bytes))
    raise NotImplementedError(f"expected data that a result is made of, found {kind}")
