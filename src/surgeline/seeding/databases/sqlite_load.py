"""Puts batches of rows into one table of a SQLite database, and says which row it refuses.

Must not know whose rows they are, nor begin or end a transaction.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import chain
from operator import length_hint
from typing import Any

from surgeline.seeding.database import RefusedRowsError
from surgeline.seeding.databases.moments import days, moment, without_offsets
from surgeline.seeding.encode import COMMON, Spelling, text_of
from surgeline.seeding.generator import Kind

VALUES_AT_ONCE = 200
"""What one statement inserts: rows of so many values cost half of what they cost one by one; of more, no less."""
_NATIVE = {int, float, str, bytes, bool, type(None)}
"""What sqlite3 takes as it is; true and false become 1 and 0."""
_SPELLING: Spelling = {**COMMON, datetime: moment}


class Loading:
    """Rows on their way into one table, within the caller's transaction, which must not be kept after an error."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        mapped: Callable[[], AbstractContextManager[None]],
        table: str,
        columns: Sequence[str],
        into: str,
        *,
        several: bool,
    ) -> None:
        """`mapped` makes our errors of those of sqlite3; `into` is the table and its columns as SQL writes them.

        several: may a statement insert more than one row? Not where there are foreign keys: SQLite keeps a copy of what
        such a statement changes, to undo it alone, which costs more than it saves. FAIL makes that needless elsewhere,
        but not where there are triggers: it would hold for what they do as well.
        """
        self._connection = connection
        self._mapped = mapped
        self._table = table
        self._columns = columns
        self._at_once = max(1, VALUES_AT_ONCE // len(columns)) if several else 1
        insert = f"{'INSERT OR FAIL' if several else 'INSERT'} INTO {into} VALUES"
        row = f"({', '.join('?' for _ in columns)})"
        self._insert_one = f"{insert} {row}"
        self._insert_several = f"{insert} {', '.join([row] * self._at_once)}"

    def load(self, values: Sequence[Sequence[Any]], before: int) -> None:
        """Insert rows, column by column as sqlite3 takes them; `before` is how many there were.

        Raises RefusedRowsError with the first row that is refused.
        """
        done = self._load_several(values, before) if self._at_once > 1 else 0
        self._load_one_by_one([one[done:] for one in values], before + done)

    def _load_several(self, values: Sequence[Sequence[Any]], before: int) -> int:
        """Insert as many rows as full statements hold; return how many."""
        started = self._connection.total_changes
        flat = chain.from_iterable(zip(*values, strict=True))
        statements = zip(*[flat] * (self._at_once * len(values)), strict=False)
        try:
            with self._mapped():
                self._connection.executemany(self._insert_several, statements)
        except RefusedRowsError as error:
            done = self._connection.total_changes - started
            rest = zip(*(one[done:] for one in values), strict=True)
            raise self._of_refused_row(error, rest, before + done) from error
        return self._connection.total_changes - started

    def _of_refused_row(self, error: RefusedRowsError, rows: Iterable[Sequence[Any]], number: int) -> RefusedRowsError:
        """Return the error with the first of these rows that is refused for the same reason.

        Where a type is wrong, SQLite does not count the rows of the statement that it took: they stand here once more,
        and are refused for another reason.
        """
        for index, row in enumerate(rows, number):
            try:
                with self._mapped():
                    self._connection.execute(self._insert_one, row)
            except RefusedRowsError as found:
                if str(found) == str(error):
                    return self._named(error, index, row)
        return error

    def _load_one_by_one(self, values: Sequence[Sequence[Any]], before: int) -> None:
        remaining = iter(values[0])
        try:
            with self._mapped():
                self._connection.executemany(self._insert_one, zip(remaining, *values[1:], strict=True))
        except RefusedRowsError as error:
            index = len(values[0]) - length_hint(remaining) - 1
            raise self._named(error, before + index, [one[index] for one in values]) from error

    def _named(self, error: RefusedRowsError, number: int, row: Sequence[Any]) -> RefusedRowsError:
        return RefusedRowsError(f"{self._table}: {error}; row {number}: {in_words(self._columns, row)}")


def prepared(kind: Kind | None, values: Sequence[Any]) -> Sequence[Any]:
    """Return values for a column as sqlite3 takes them."""
    if kind is Kind.DATE:
        values = days(values)
    elif kind is Kind.TIMESTAMP:
        values = without_offsets(values)
    return values if set(map(type, values)) <= _NATIVE else [adapted(value) for value in values]


def adapted(value: Any) -> Any:
    """Return a value as sqlite3 takes it. Raises RefusedRowsError where there is no way."""
    if type(value) in _NATIVE:
        return value
    try:
        return text_of(value, _SPELLING)
    except (TypeError, ValueError) as error:
        raise RefusedRowsError(f"expected values that a database can hold, found {error}") from error


def in_words(columns: Sequence[str], row: Sequence[Any]) -> str:
    """Return a row for a message."""
    return ", ".join(f"{name} = {value!r:.60}" for name, value in zip(columns, row, strict=True))
