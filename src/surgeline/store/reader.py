"""Reads a run file: its facts, its blocks as a registry that answers what the live one answered, and its result.

Opens files of runs that were killed, and of those that still go on. Changes nothing in them.
"""

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from surgeline._native.histogram import Histogram
from surgeline.engine.sink import Blocks, Sink
from surgeline.errors import OptionError
from surgeline.judge.watch import ThresholdWatch
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.registry import SETUP, TEARDOWN, Registry, Series, carries
from surgeline.result import RunResult
from surgeline.store import codec, schema
from surgeline.store.facts import Headline, StoredFacts, headline_of
from surgeline.store.runs import FOLDER, find_run
from surgeline.store.unfinished import unfinished_result


def open_run(run: str | Path, folder: Path = FOLDER) -> "StoredRun":
    """Open the run of this id, beginning of an id, or path; `last` is the newest.

    Raises OptionError when there is no such run, when the file is no run file, or was written by a newer version.
    """
    path = run if isinstance(run, Path) else find_run(run, folder)
    connection = _connect(path)
    try:
        _check_form(connection, path)
        return StoredRun(path, connection)
    except BaseException:
        connection.close()
        raise


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file, with the log beside it where there is one."""
    try:
        return _connect_as(path, "mode=rw")
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise OptionError(f"RUN: expected a run file, found {path}, which cannot be read as one: {error}") from None
    try:
        # In a folder that is not ours to write, SQLite cannot use a log; the file alone holds all that was copied.
        return _connect_as(path, "immutable=1")
    except sqlite3.Error as error:
        raise OptionError(f"RUN: {path} cannot be opened: {error}") from None


def _connect_as(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)
    try:
        connection.execute("PRAGMA schema_version").fetchone()  # opens it
    except BaseException:
        connection.close()
        raise
    return connection


def _check_form(connection: sqlite3.Connection, path: Path) -> None:
    try:
        ((application,),) = connection.execute("PRAGMA application_id")
        ((version,),) = connection.execute("PRAGMA user_version")
        rows = connection.execute("SELECT count(*) FROM run").fetchone()[0] if application else 0
    except sqlite3.DatabaseError as error:
        raise OptionError(f"RUN: expected a run file, found {path}, which cannot be read as one: {error}") from None
    if application != schema.APPLICATION_ID or not rows:
        raise OptionError(f"RUN: expected a run file, found {path}, which is none")
    if version > schema.VERSION:
        raise OptionError(
            f"RUN: {path} was written by a newer surgeline: its form is {version}, and this one reads up to "
            f"{schema.VERSION}; upgrade surgeline to read it"
        )


def _belongs(second: int, from_s: float | None, to_s: float | None) -> bool:
    if second == SETUP:
        return from_s is None
    if second == TEARDOWN:
        return to_s is None
    return math.floor(from_s or 0) <= second and (to_s is None or second < math.ceil(to_s))


class StoredRun:
    """One run file, open for reading; a context manager that closes it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self.facts = _facts(connection)
        seconds: list[tuple[int, float]] = connection.execute("SELECT * FROM seconds ORDER BY second").fetchall()
        self._seconds = dict(sorted(seconds, key=lambda row: row[0] == TEARDOWN))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def seconds(self) -> float:
        """How long the load had gone on when the last second that is stored ended."""
        return max(self._seconds.values(), default=0.0)

    def headline(self) -> Headline:
        """Return what a list of runs shows; of a run without a result, what its blocks tell."""
        row = self._connection.execute("SELECT verdict, seconds, requests, p95_ms, failed_share FROM result").fetchone()
        if row is not None:
            return Headline(*row)
        if self.facts.ended_at is not None:
            return Headline("no load", 0.0, 0, None, None)
        return headline_of(self.result())

    def messages(self) -> list[tuple[datetime, str]]:
        """Return what was said while it went on, and when."""
        rows = self._connection.execute("SELECT at, text FROM messages ORDER BY rowid")
        return [(datetime.fromisoformat(at), text) for at, text in rows]

    def result(self) -> RunResult:
        """Return what the run came to; for one that was not finished, what its blocks tell."""
        row = self._connection.execute("SELECT result_json FROM result").fetchone()
        if row is not None:
            return codec.decode_result(row[0], self.registry())
        watch = ThresholdWatch(self.facts.thresholds, lambda _tags, _from, _to: None)
        registry = self.replay([watch])
        return unfinished_result(self.facts, registry, watch.results())

    def registry(
        self, from_s: float | None = None, to_s: float | None = None, tags: Mapping[str, str] | None = None
    ) -> Registry:
        """Return a registry of the samples of a span, of the series that carry `tags`.

        Times are seconds since the start of the load; a second that lies in the span in part counts whole. Set-up
        belongs to a span without a beginning, tear-down to one without an end.
        """
        return self.replay((), from_s, to_s, tags)

    def replay(
        self,
        sinks: Sequence[Sink],
        from_s: float | None = None,
        to_s: float | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Registry:
        """Feed sinks as they would have been fed while the run went on, and return the registry; see there."""
        registry = Registry()
        # All of them, in the run's order: which one was first is the order of checks and of requests.
        series = self._series(registry, tags)
        before = 0.0
        for second, seconds in self._seconds.items():
            if _belongs(second, from_s, to_s):
                registry.seconds += seconds - before
                self._replay_second(second, seconds, series, registry, sinks)
            before = seconds
        if from_s is None and to_s is None:
            registry.seconds = self.seconds  # exactly, where a sum would round
        return registry

    def _replay_second(
        self, second: int, seconds: float, series: Mapping[int, Series], registry: Registry, sinks: Sequence[Sink]
    ) -> None:
        blocks = [*self._blocks(second, series), *self._trends(second, series)]
        for one, block in blocks:
            one.cell.absorb(block)
        registry.end_second()
        for sink in sinks:
            sink.take(second, blocks)
            sink.end_second(second, seconds)

    def _series(self, registry: Registry, tags: Mapping[str, str] | None) -> dict[int, Series]:
        wanted = tags or {}
        found = {}
        for number, name, kind, contains, unit, adds_up, tags_json in self._connection.execute(
            "SELECT id, metric, type, contains, unit, adds_up, tags_json FROM series ORDER BY id"
        ):
            own = json.loads(tags_json)
            if carries(own, wanted):
                stored = Metric(name, MetricType(kind), contains, unit, bool(adds_up))
                metric = BUILTIN[name] if BUILTIN.get(name) == stored else stored
                found[number] = Series(metric, own, registry.cell(metric, own))
        return found

    def _blocks(self, second: int, series: Mapping[int, Series]) -> Blocks:
        rows = self._connection.execute(
            "SELECT series, value, count, low, high FROM blocks WHERE second = ? ORDER BY rowid", (second,)
        )
        return [(series[row[0]], _block(series[row[0]].metric.type, *row[1:])) for row in rows if row[0] in series]

    def _trends(self, second: int, series: Mapping[int, Series]) -> Blocks:
        rows = self._connection.execute("SELECT histograms FROM trends WHERE second = ? ORDER BY rowid", (second,))
        return [
            (series[number], Histogram.decode(form))
            for (blob,) in rows
            for number, form in codec.unpack(blob)
            if number in series
        ]


def _block(kind: MetricType, value: float, count: int | None, low: float | None, high: float | None) -> Any:
    match kind:
        case MetricType.RATE:
            return int(value), count
        case MetricType.GAUGE:
            return value, low, high
        case _:
            return value


def _facts(connection: sqlite3.Connection) -> StoredFacts:
    cursor = connection.execute("SELECT * FROM run")
    row = dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))
    return StoredFacts(
        run_id=row["run_id"],
        title=row["title"],
        script_path=row["script_path"],
        script_text=row["script_text"],
        script_sha256=row["script_sha256"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
        seed=row["seed"],
        tags=json.loads(row["tags_json"]),
        options=json.loads(row["options_json"]),
        environment=json.loads(row["environment_json"]),
        machine=json.loads(row["machine_json"]),
        scenarios=tuple(json.loads(row["scenarios_json"])),
        thresholds=codec.decode_thresholds(row["thresholds_json"]),
        trend_stats=tuple(json.loads(row["trend_stats_json"])),
    )
