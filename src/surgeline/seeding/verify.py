"""Looks at every row that was seeded: is each there, with the values declared, and nothing beside them in our range?

Changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from surgeline.seeding.compare import is_untouched
from surgeline.seeding.database import Database, RealTable
from surgeline.seeding.declaration import Table
from surgeline.seeding.file import Declarations
from surgeline.seeding.joins import count, exactly, listed
from surgeline.seeding.manifest import Entry
from surgeline.seeding.recognise import looks_like_ours
from surgeline.seeding.staging import stage
from surgeline.seeding.steps import Steps
from surgeline.seeding.survey import survey

EXAMPLES = 3


class Kind(StrEnum):
    """What can be wrong with a row."""

    MISSING = "missing"
    EXTRA = "extra in our range"
    CHANGED = "changed"
    BROKEN = "broken foreign key"


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of fault of one table."""

    table: str
    kind: Kind
    rows: int
    examples: list[str]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what was wrong."""

    tables: dict[str, int]
    """Declared rows by table."""
    differences: list[Difference]
    remarks: list[str]
    """Why differences are there that `apply` cannot mend."""


def verify(database: Database, declarations: Declarations, steps: Steps) -> Verified:
    """Compare every row with its declaration."""
    found = survey(database, declarations)
    differences: list[Difference] = []
    remarks: list[str] = []
    with database.transaction():
        for number, table in enumerate(found.tables):
            entry = found.entries.get(table.name)
            wrong = _Look(database, table, found.real[table.name], entry, number).differences(steps)
            differences += wrong
            changed = any(one.kind is Kind.CHANGED for one in wrong)
            if changed and entry is not None and is_untouched(database, table, entry):
                remarks.append(_changed_by_itself(table))
    return Verified({table.name: len(table) for table in found.tables}, differences, remarks)


def _changed_by_itself(table: Table) -> str:
    """The rows are as `apply` left them: whoever changed them did so while they were put in."""
    return (
        f"{table.name}: nobody wrote to it since `surgeline seed apply`: the table itself changes what is put in (a "
        "trigger, a rule, a column that rounds), and apply cannot mend that. Declare these columns as the table makes "
        "them, or leave them out"
    )


class _Look:
    """One table, `t`, beside its declared rows, `s`."""

    def __init__(self, database: Database, table: Table, real: RealTable, entry: Entry | None, number: int) -> None:
        self._database = database
        self._table = table
        self._entry = entry
        self._name = f"surgeline_rows_{number}"
        self._there = f"{database.quote(table.name)} t"
        self._declared = f"{self._name} s"
        self._on = exactly(database, table.name, real, "s", "t", table.key)

    def differences(self, steps: Steps) -> list[Difference]:
        """Return what is wrong."""
        stage(self._database, self._name, self._table, list(self._table.columns), steps)
        found = [self._missing(), self._extra(), self._changed(), *self._broken()]
        return [one for one in found if one.rows]

    def _missing(self) -> Difference:
        beside = f"{self._declared} LEFT JOIN {self._there} ON {self._on} WHERE t.{self._first_key} IS NULL"
        return self._difference(Kind.MISSING, beside, listed(self._database, "s", self._table.key), self._shown_key)

    def _extra(self) -> Difference:
        """Rows that are not declared, and whose key looks as if they were: more than others had before the seeding."""
        beside = f"{self._there} LEFT JOIN {self._declared} ON {self._on} WHERE s.{self._first_key} IS NULL"
        room = count(self._database, beside) - (0 if self._entry is None else self._entry.others)
        if room <= 0:
            return Difference(self._table.name, Kind.EXTRA, 0, [])
        found, examples = 0, list[str]()
        for rows in self._database.stream(f"SELECT {listed(self._database, 't', self._table.key)} FROM {beside}"):
            ours = [row for row in rows if looks_like_ours(self._table, row)]
            examples = [*examples, *map(self._shown_key, ours[:EXAMPLES])][:EXAMPLES]
            found += len(ours)
        return Difference(self._table.name, Kind.EXTRA, min(found, room), examples)

    def _changed(self) -> Difference:
        columns = [column for column in self._table.columns if column not in self._table.key]
        if not columns:
            return Difference(self._table.name, Kind.CHANGED, 0, [])
        differs = self._database.differs(self._table.name, columns, "s", "t")
        beside = f"{self._declared} JOIN {self._there} ON {self._on} WHERE {differs}"
        both = ", ".join(
            listed(self._database, alias, names)
            for alias, names in (("s", [*self._table.key, *columns]), ("t", columns))
        )
        return self._difference(Kind.CHANGED, beside, both, lambda row: self._shown_change(row, columns))

    def _broken(self) -> list[Difference]:
        """Values of declared foreign keys, in rows of ours, that are not in the other table."""
        return [
            self._broken_one(name, column.parent.name, column.column) for name, column in self._table.references.items()
        ]

    def _broken_one(self, column: str, parent: str, parent_column: str) -> Difference:
        here, there = f"t.{self._database.quote(column)}", f"p.{self._database.quote(parent_column)}"
        beside = (
            f"{self._declared} JOIN {self._there} ON {self._on} "
            f"LEFT JOIN {self._database.quote(parent)} p ON {there} = {here} "
            f"WHERE {here} IS NOT NULL AND {there} IS NULL"
        )

        def shown(row: Sequence[Any]) -> str:
            return f"{self._shown_key(row)}: {column} = {row[-1]}, which is not in {parent}"

        return self._difference(Kind.BROKEN, beside, listed(self._database, "t", [*self._table.key, column]), shown)

    def _difference(self, kind: Kind, rows: str, columns: str, shown: Callable[[Sequence[Any]], str]) -> Difference:
        found = count(self._database, rows)
        examples = self._database.fetch(f"SELECT {columns} FROM {rows} LIMIT {EXAMPLES}") if found else []
        return Difference(self._table.name, kind, found, [shown(row) for row in examples])

    def _shown_key(self, row: Sequence[Any]) -> str:
        return ", ".join(f"{column} = {value}" for column, value in zip(self._table.key, row, strict=False))

    def _shown_change(self, row: Sequence[Any], columns: Sequence[str]) -> str:
        declared = row[len(self._table.key) : len(self._table.key) + len(columns)]
        there = row[len(self._table.key) + len(columns) :]
        changes = [
            f"{column} is {found!s}, expected {expected!s}"
            for column, expected, found in zip(columns, declared, there, strict=True)
            if expected != found
        ]
        return f"{self._shown_key(row)}: {'; '.join(changes)}"

    @property
    def _first_key(self) -> str:
        return self._database.quote(self._table.key[0])
