"""Writes the run file while the load goes on: one transaction a second, so that a killed run leaves what was committed.

Encodes on the loop's thread, where histograms are valid; compresses and writes in a thread of its own. Knows nothing of
how a run is made. Whatever goes wrong with the file is said once, and the run goes on without it.

While the run goes on there is a write-ahead log beside the file, so that nobody who reads it stops the writer; at the
end it is one file again. Each second is copied from the log into the file at once, as far as readers let it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from surgeline.engine.sink import Blocks
from surgeline.judge.grammar import Threshold
from surgeline.metrics.names import MetricType
from surgeline.metrics.registry import Series
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS
from surgeline.outputs.behind_a_queue import BehindAQueue
from surgeline.result import RunFacts, RunResult
from surgeline.store import codec, schema
from surgeline.store.facts import headline_of
from surgeline.store.machine import machine
from surgeline.store.redact import Redactor
from surgeline.store.redact_code import redact_code
from surgeline.store.runs import FOLDER, SUFFIX, make_folder

MOST_WAITING = 60
"""Seconds of the run that may wait for the disk."""

Rows = list[tuple[Any, ...]]
_STATEMENTS = {
    "series": "INSERT INTO series VALUES",
    "seconds": "INSERT INTO seconds VALUES",
    "blocks": "INSERT INTO blocks VALUES",
    "trends": "INSERT INTO trends VALUES",
    "messages": "INSERT INTO messages VALUES",
    "started": "UPDATE run SET started_at =",
    "end": "UPDATE run SET (ended_at, environment_json) =",
    "result": "INSERT INTO result VALUES",
}
_RUN = "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_END_PATIENCE_MS = 1_000
_ROWS_AT_ONCE = 500
"""In one statement: each step of SQLite gives the interpreter away, and a busy load is slow to give it back."""


@dataclass(slots=True)
class _Batch:
    """What is written in one transaction."""

    rows: dict[str, Rows] = field(default_factory=dict)
    second: int = 0
    trends: list[tuple[int, bytes]] = field(default_factory=list)
    """Encoded histograms, by series."""
    last: bool = False

    def add(self, table: str, *row: Any) -> None:
        self.rows.setdefault(table, []).append(row)


class RunFile:
    """An output that keeps all of a run in one file.

    `environment` holds the variables that the script asked for, and may grow while it runs. `thresholds` and
    `trend_stats` are for a run that is killed: its summary is made from what there is.
    """

    def __init__(
        self,
        thresholds: tuple[Threshold, ...] = (),
        trend_stats: tuple[str, ...] = DEFAULT_TREND_STATS,
        environment: Mapping[str, str] | None = None,
        folder: Path = FOLDER,
    ) -> None:
        self._thresholds = thresholds
        self._trend_stats = trend_stats
        self._environment = {} if environment is None else environment
        self._folder = folder
        self._redactor = Redactor(self._environment)
        self._known: dict[Series, int] = {}
        self._batch = _Batch()
        self._queue: BehindAQueue[_Batch] | None = None
        self.path: Path | None = None
        """Of the file; None when there is none."""

    @property
    def waiting(self) -> int:
        """How many seconds are not written yet."""
        return 0 if self._queue is None else self._queue.waiting

    def start(self, facts: RunFacts) -> None:
        """Make the file. When it cannot be made, the run goes on without one."""
        path = self._folder / f"{facts.run_id}{SUFFIX}"
        try:
            make_folder(self._folder)
            connection = _create(path, self._run_row(facts))
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            facts.notify(f"run file: {path} cannot be written: {reason}; this run is not kept.")
            return
        self.path = path
        self._queue = BehindAQueue("run file", "seconds", _Writing(connection, self._say), facts.notify, MOST_WAITING)

    def take(self, second: int, blocks: Blocks) -> None:
        """Encode some series of a second."""
        if self._queue is None:
            return
        for series, block in blocks:
            number = self._known.get(series) or self._add(series)
            match series.metric.type:
                case MetricType.TREND:
                    self._batch.trends.append((number, block.encode()))
                case MetricType.COUNTER:
                    self._batch.add("blocks", second, number, block, None, None, None)
                case MetricType.RATE:
                    self._batch.add("blocks", second, number, *block, None, None)
                case MetricType.GAUGE:
                    value, low, high = block
                    self._batch.add("blocks", second, number, value, None, low, high)

    def end_second(self, second: int, seconds: float) -> None:
        """Hand the second over to be written."""
        if self._queue is None:
            return
        self._batch.add("seconds", second, seconds)
        self._batch.second = second
        self._hand_over()

    def message(self, text: str) -> None:
        """Keep what was said to the person who watches."""
        if self._queue is not None:
            self._batch.add("messages", datetime.now().astimezone().isoformat(), self._text(redact_code(text)))

    def finish(self, result: RunResult | None) -> None:
        """Write what the run came to, and wait for all of it to be written."""
        if self._queue is None:
            return
        self._batch.add("end", datetime.now().astimezone().isoformat(), self._json(self._environment))
        if result is not None:
            self._batch.add("started", result.started_at.isoformat())
            self._batch.add("result", *astuple(headline_of(result)), self._redactor.text(codec.encode_result(result)))
        self._batch.last = True
        self._hand_over()
        self._queue.close()

    def _say(self, message: str) -> None:
        assert self._queue is not None
        self._queue.say(message)

    def _hand_over(self) -> None:
        assert self._queue is not None
        batch, self._batch = self._batch, _Batch()
        if not self._queue.put(batch) and "series" in batch.rows:
            # Its series go with the next second: those to come are counted by their numbers.
            self._batch.rows["series"] = batch.rows["series"]

    def _add(self, series: Series) -> int:
        metric = series.metric
        number = self._known[series] = len(self._known) + 1
        tags = self._redactor.text(json.dumps(series.tags))
        self._batch.add(
            "series", number, metric.name, metric.type.value, metric.contains, metric.unit, metric.adds_up, tags
        )
        return number

    def _run_row(self, facts: RunFacts) -> tuple[Any, ...]:
        return (
            facts.run_id,
            self._text(facts.title),
            None if facts.script_path is None else self._text(str(facts.script_path)),
            self._text(redact_code(facts.script_text)),
            hashlib.sha256(facts.script_text.encode(errors="surrogateescape")).hexdigest(),
            facts.started_at.isoformat(),
            None,
            facts.seed,
            self._json(facts.tags),
            self._json(facts.options),
            self._json(self._environment),
            self._json(machine()),
            json.dumps([self._text(one) for one in facts.scenarios]),
            self._redactor.text(codec.encode_thresholds(self._thresholds)),
            json.dumps(self._trend_stats),
        )

    def _text(self, text: str) -> str:
        """Return what may be stored: no secrets, and Unicode, which a path or a message need not be."""
        return self._redactor.text(text).encode(errors="replace").decode()

    def _json(self, data: Any) -> str:
        return json.dumps(self._redactor.data(data), default=str)


class _Writing:
    """What the thread does with each batch."""

    def __init__(self, connection: sqlite3.Connection, say: Callable[[str], None]) -> None:
        self._connection = connection
        self._say = say
        self._waited = False

    def __call__(self, batch: _Batch) -> None:
        try:
            for blob in codec.pack(batch.trends):
                batch.add("trends", batch.second, blob)
            while not self._commit(batch):
                self._say_that_it_waits()
            if batch.last:
                self._make_one_file()
        except BaseException:
            self._connection.close()
            raise
        if batch.last:
            self._connection.close()

    def _commit(self, batch: _Batch) -> bool:
        """Write all or nothing; False when another program kept the file locked, which SQLite has waited for."""
        try:
            with self._connection:
                for name, rows in batch.rows.items():
                    self._execute(_STATEMENTS[name], rows)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def _say_that_it_waits(self) -> None:
        if not self._waited:
            self._say("run file: another program keeps it locked; what comes waits for that.")
        self._waited = True

    def _make_one_file(self) -> None:
        """Leave no log beside the file. Not possible while somebody reads it; SQLite then does it for the last one."""
        self._connection.execute(f"PRAGMA busy_timeout = {_END_PATIENCE_MS}")
        with suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA journal_mode = DELETE")

    def _execute(self, statement: str, rows: Rows) -> None:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            one = f"({', '.join('?' * len(some[0]))})"
            self._connection.execute(f"{statement} {', '.join([one] * len(some))}", [*chain.from_iterable(some)])


def _create(path: Path, run: tuple[Any, ...]) -> sqlite3.Connection:
    with path.open("xb"):  # an error here says what is wrong with the folder, which SQLite does not
        pass
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")  # FULL waits ten times as long for the disk, each second
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        with connection:
            connection.executescript(schema.TABLES)
            connection.execute(_RUN, run)
        connection.execute("PRAGMA journal_mode = WAL")  # stays as it is where the file system cannot
        connection.execute("PRAGMA wal_autocheckpoint = 1")
        # Its two files are opened by the first transaction: now, before connections may take every descriptor.
        connection.execute("BEGIN IMMEDIATE")
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection
