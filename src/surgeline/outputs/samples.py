"""Every sample, one by one, in a file: what `--out json=FILE` and `--out csv=FILE` write.

The thread of the load notes samples in a log; another one renders and appends them, without the interpreter. Knows no
format beyond its parts. What the file cannot take in time is left out, counted and said.
"""

import os
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from surgeline._native.samples import BYTES_PER_SAMPLE, Chunk, SampleFile, SampleLog
from surgeline.engine.sink import Blocks
from surgeline.errors import OptionError
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.registry import Registry, Series
from surgeline.outputs.behind_a_queue import BehindAQueue, politely
from surgeline.outputs.csv_samples import CsvSamples
from surgeline.outputs.json_samples import JsonSamples
from surgeline.result import RunFacts, RunResult

CAPACITY = (64 << 20) // BYTES_PER_SAMPLE
"""How many samples may wait: 64 MiB of them."""
DRAIN_SECONDS = 30.0
_FLOATS = -1
_LEVEL = 1  # the fastest: lines resemble each other so much that more effort gains little


class SampleFormat(Protocol):
    """What a line has beside the time and the value."""

    name: str
    """As in `--out NAME=FILE`."""
    beginning: bytes
    """What the file starts with."""
    is_csv: bool
    """Are times and values written as in k6's CSV? Else as in its JSON."""

    def declaration(self, metric: Metric) -> bytes:
        """Return the line that comes before a metric's first sample; empty when there is none."""

    def parts(self, series: Series) -> tuple[bytes, bytes, bytes]:
        """Return what a line has before the time, between time and value, and after the value."""


def make_json(path: Path) -> "SampleOutput":
    """Return the output that writes k6's newline-delimited JSON; compressed when the name ends in .gz."""
    return SampleOutput(path, JsonSamples())


def make_csv(path: Path) -> "SampleOutput":
    """Return the output that writes k6's CSV; compressed when the name ends in .gz."""
    return SampleOutput(path, CsvSamples())


def log_samples(registry: Registry, outputs: Iterable[object]) -> None:
    """Give the samples of a registry to the outputs that want them one by one; to be called when these have started.

    Where there is no such output, nothing is logged and recording costs what it did.
    """
    wanting = [output for output in outputs if isinstance(output, SampleOutput)]
    if not wanting:
        return
    log = SampleLog()
    for output in wanting:
        output.listen(log)
    registry.log_to(log)


class SampleOutput:
    """An output of every sample. `start` begins a file; `join` goes on with one that another process began."""

    def __init__(self, path: Path, form: SampleFormat) -> None:
        self._path = path
        self._form = form
        self._declared: set[str] = set()
        self._log: SampleLog | None = None
        self._file: SampleFile
        self._queue: BehindAQueue[Chunk]

    def start(self, facts: RunFacts) -> None:
        """Make the file, or empty one that is there. Raises OptionError when it cannot be written."""
        metrics = {**BUILTIN, **{metric.name: metric for metric in facts.metrics}}
        try:
            self._open(os.O_TRUNC)
            # All at once: another process may be the first to write a sample.
            self._file.append(self._form.beginning + b"".join(map(self._form.declaration, metrics.values())))
        except OSError as error:
            raise self._refusal(error) from error
        self._begin(facts)

    def join(self, facts: RunFacts) -> None:
        """Append to the file that `start` made in another process. Raises OptionError when it cannot be written."""
        try:
            self._open(0)
        except OSError as error:
            raise self._refusal(error) from error
        self._begin(facts)

    def listen(self, log: SampleLog) -> None:
        """Write the samples of a log from now on."""
        self._log = log
        log.subscribe(self._put)

    def take(self, _second: int, _blocks: Blocks) -> None:
        """Blocks are of no use here."""

    def end_second(self, _second: int, _seconds: float) -> None:
        """Have what was recorded until now written."""
        if self._log is not None:
            self._log.flush()

    def finish(self, _result: RunResult | None) -> None:
        """Write what is left, within `DRAIN_SECONDS`; say what could not be written."""
        if self._log is not None:
            self._log.flush()
            self._log.unsubscribe(self._put)
        self._queue.close(DRAIN_SECONDS)

    def _open(self, flags: int) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | flags, 0o666)
        pack = _gzip if self._path.suffix == ".gz" else None
        self._file = SampleFile(descriptor, time.time_ns() - time.monotonic_ns(), self._form.is_csv, pack)

    def _begin(self, facts: RunFacts) -> None:
        self._declared = {*BUILTIN, *(metric.name for metric in facts.metrics)}
        name = f"--out {self._form.name}={self._path}"
        self._queue = BehindAQueue(name, "samples", self._write, facts.notify, CAPACITY)

    def _refusal(self, error: OSError) -> OptionError:
        reason = error.strerror or error
        return OptionError(
            f"--out {self._form.name}={self._path}: cannot write the samples: {reason}; give a path that can be written"
        )

    def _put(self, chunk: Chunk) -> None:
        self._queue.put(chunk, len(chunk))

    def _write(self, chunk: Chunk) -> None:
        """In the thread of the queue: render and append."""
        assert self._log is not None
        for series in politely(self._log.series[self._file.series :]):
            self._introduce(series)
        self._file.write(chunk)

    def _introduce(self, series: Series) -> None:
        metric = series.metric
        if metric.name not in self._declared:
            self._declared.add(metric.name)
            self._file.append(self._form.declaration(metric))
        self._file.add_series(*self._form.parts(series), _decimals(metric))


def _decimals(metric: Metric) -> int:
    """Return how many digits of a trend's whole numbers are decimals; other metrics record floats."""
    if metric.type is not MetricType.TREND:
        return _FLOATS
    return len(str(metric.scale)) - 1


def _gzip(text: bytes) -> bytes:
    """Return a gzip member of its own: any number of them, one after the other, is a valid file."""
    return zlib.compress(text, _LEVEL, wbits=zlib.MAX_WBITS | 16)
