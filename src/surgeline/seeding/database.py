"""What seeding knows of a database: the tables as they are, and the few things that each kind does its own way.

Must not know any one database, nor what is being seeded. Everything is synchronous: one command, one connection.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from surgeline.errors import SurgelineError
from surgeline.seeding.generator import Kind


class DatabaseError(SurgelineError):
    """The database cannot be reached, or refuses a statement; the text is without passwords."""


class RefusedRowsError(DatabaseError):
    """The database refuses rows: a key that is there already, a parent that is not, a value that does not fit."""


@dataclass(frozen=True, slots=True)
class RealColumn:
    """A column as the database has it."""

    name: str
    type: str
    """As the database writes it: `character varying(255)`, `int(11) unsigned`."""
    kind: Kind | None
    """What values it takes; None for types that are not known here: nothing is checked then."""
    nullable: bool
    has_default: bool
    """Also true for identity, auto-increment and generated columns."""
    generated: bool = False
    """Always made by the database (`GENERATED ALWAYS`): no value can be given."""
    low: int | None = None
    high: int | None = None
    """The least and greatest whole number that fits, for INTEGER."""
    longest: int | None = None
    """Characters of TEXT, bytes of BYTES; None without a limit."""
    precision: int | None = None
    scale: int | None = None
    """Digits of DECIMAL, all and after the point."""
    labels: tuple[str, ...] | None = None
    """All values of an enumerated type."""
    aware: bool = False
    """A TIMESTAMP that is a moment, not the reading of some clock: `timestamptz`, MySQL's `timestamp`."""


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """Columns of which no two rows have the same values; the primary key is one."""

    name: str
    columns: tuple[str, ...]
    primary: bool


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must be in another table."""

    name: str
    columns: tuple[str, ...]
    parent: str
    """The other table's name, as `Database.tables` would be asked for it."""
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RealTable:
    """A table as the database has it."""

    name: str
    columns: dict[str, RealColumn]
    unique_keys: tuple[UniqueKey, ...]
    """Without partial and expression indexes: those only the database itself can judge."""
    foreign_keys: tuple[ForeignKey, ...]
    referenced_by: tuple[str, ...]
    """The tables with a foreign key on this one, without itself."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows on their way into a table, column by column: what `BoundColumn.texts` or `.values` gave."""

    rows: int
    columns: Sequence[Sequence[Any]]
    """In the order of the columns named to `load`. Values as `Generator.values` gives them, or, for a column that has
    them, texts made by `Generator.texts`."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a database is, in words fit for a message."""

    kind: str
    """PostgreSQL, MariaDB, MySQL or SQLite."""
    version: str
    host: str
    """Host and port, or the file of a SQLite database."""
    database: str


class Database(Protocol):
    """An open connection to one database."""

    target: Target
    ddl_commits: bool
    """Does it commit the transaction with every CREATE and ALTER (MySQL)? Its auto-increment counters follow by
    themselves the greatest value that was put in."""

    def close(self) -> None:
        """Close it; what was not committed is undone."""

    def quote(self, name: str) -> str:
        """Return the name of a table (also `schema.table`) or column as SQL writes it. A point divides: columns with a
        point in their name are not supported."""

    def differs(self, table: str, columns: Sequence[str], left: str, right: str) -> str:
        """Return the condition, in parentheses, that rows of two aliases differ in any of a table's columns: exactly,
        so that letters that a collation takes for equal differ; JSON by what it says. At least one column."""

    def literal(self, value: Any) -> str:
        """Return a value as SQL writes it; for the few small statements that are not bulk loads."""

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows; values as `Generator.values` gives them, where the column's type says what they are: UUIDs
        are str, JSON is dict and list. Raises DatabaseError."""

    def execute(self, statement: str) -> int:
        """Carry out a statement; return how many rows it changed. Raises DatabaseError or RefusedRowsError."""

    def stream(self, statement: str, size: int = 10_000) -> Iterable[list[tuple[Any, ...]]]:
        """Return all rows in lists of at most `size`, without holding them all. One at a time: nothing else can be
        asked before its end."""

    def transaction(self) -> AbstractContextManager[None]:
        """Undo everything when the block raises, else commit. Not nested. Writers of other sessions who also call
        `only_writer` wait or are refused."""

    def only_writer(self) -> None:
        """Within a transaction: keep other seedings out until its end. Raises DatabaseError when another is at work."""

    def tables(self, names: Iterable[str]) -> dict[str, RealTable]:
        """Return those of the tables that are there, by the names asked for; so are parents named that are among them.
        Raises DatabaseError when two names are those of one table."""

    def relations(self) -> dict[str, bool]:
        """Return the names of all tables and views that a declaration may mean, and whether each is a view."""

    def make_staging(self, name: str, table: str, columns: Sequence[str]) -> None:
        """Make a temporary table with the types of these columns, without keys and constraints; gone at the end of
        the transaction or connection. Must not commit."""

    def index_staging(self, name: str, columns: Sequence[str]) -> None:
        """Make a filled temporary table quick to join by these columns (an index, statistics)."""

    def drop_staging(self, name: str) -> None:
        """Drop a temporary table, also when it is not there. Must not commit."""

    def load(self, table: str, columns: Sequence[str], batches: Iterable[Batch], advance: Callable[[int], None]) -> int:
        """Bulk-load the batches as they come, at the database's best speed; call `advance` with the rows of each.

        What makes the batches must not use this connection: it is busy.
        Returns the number of rows loaded, which is all of them: rows that the database would leave out or change
        (MySQL's warnings of LOAD DATA LOCAL) raise. Raises RefusedRowsError.
        """

    def insert_from(self, table: str, columns: Sequence[str], staging: str, condition: str) -> int:
        """INSERT the staging table's rows (alias `s`) that meet a condition."""

    def update_from(self, table: str, columns: Sequence[str], staging: str, key: Sequence[str]) -> int:
        """Set `columns` of the rows (alias `t`) that have the key of a staging row (alias `s`) and differ from it."""

    def delete_matching(self, table: str, staging: str, key: Sequence[str]) -> int:
        """Delete the rows whose key is in the staging table."""

    def indexes_aside(self, tables: Sequence[str]) -> AbstractContextManager[None]:
        """Within a transaction: drop indexes, unique and foreign keys of the tables, and make all again as they were at
        the end of the block; what cannot be made again exactly stays. Where the database cannot undo that with the
        transaction, nothing is dropped."""

    def after_load(self, tables: Sequence[str]) -> None:
        """Outside of a transaction: fresh statistics for the planner (VACUUM ANALYZE)."""

    def continue_numbers(self, table: str, columns: Sequence[str]) -> None:
        """Let the sequences (auto-increment counters) of the columns go on after the greatest value that is there,
        never lower than they are. Called after the commit where the database cannot do it inside (MySQL)."""

    def rewind_numbers(self, table: str) -> None:
        """Let the table's own sequences (its auto-increment counter) go on after the last row that is there, as if none
        had come and gone. Where this commits (see `ddl_commits`), it is called outside of a transaction."""

    def empty(self, tables: Sequence[str]) -> int:
        """Empty whole tables, sequences too, as fast as the database can; return how many rows there were.

        Outside of a transaction of the caller's: each database makes it as safe as it can. Raises DatabaseError naming
        a table that refers to one of them and is not among them.
        """

    def mark(self, table: str, earlier: str | None) -> str | None:
        """At the end of the transaction that wrote a table: something to tell later, cheaply, whether rows that seeding
        wrote have been changed since; None where there is no cheap way. `earlier` is the mark of what seeding wrote
        into the table before. At most 190 characters."""

    def unchanged_since(self, table: str, mark: str, rows: int) -> bool:
        """Are there still exactly `rows` rows that seeding wrote, all as they were at the mark, whatever others wrote
        beside them? (One quick scan; false when in doubt.)"""

    def reset_statistics(self) -> list[str]:
        """Reset the server's statistics of queries and tables; return what could not be reset and why, in words."""
