"""What is in the tables beside what is declared: rows to be made, changed and deleted, and rows of others in the way.

The declared rows are loaded into a temporary table, and the database itself compares, by its own types and collations.
Nothing of the user's is written here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from surgeline.errors import SurgelineError
from surgeline.seeding.database import Database, RealTable
from surgeline.seeding.declaration import Table, table_from_key_json
from surgeline.seeding.joins import count, equal, exactly, listed
from surgeline.seeding.manifest import Entry
from surgeline.seeding.referring import (
    Going,
    Reference,
    collect_referring,
    references_to,
    refuse_collected,
    refuse_referring,
)
from surgeline.seeding.staging import KEYS, stage
from surgeline.seeding.steps import Steps
from surgeline.seeding.survey import Survey

EXAMPLES = 5


class InTheWayError(SurgelineError):
    """Rows that are not ours are where ours have to be; nothing was written."""


@dataclass(slots=True)
class Comparison:
    """One table, and what has to be done for it to hold what is declared."""

    table: Table
    real: RealTable
    there: int
    """Rows in the table now, of whomever."""
    make: int = 0
    """Declared rows that are not there."""
    change: int = 0
    """Declared rows that are there with other values, or have to be deleted and made again for others' sake."""
    delete: int = 0
    """Rows of ours that are not declared, or no longer."""
    keep: int = 0
    others: int = 0
    """Rows that are not ours."""
    going: int = 0
    """Rows that are deleted, for good or to be made again."""
    rows: str | None = None
    """The temporary table with all declared rows; None when they need not be compared."""
    gone: str | None = None
    """The temporary table with the keys of the rows that are deleted; None when there are none."""
    in_the_way: list[str] = field(default_factory=list)
    """Rows of others that have a key, or another unique value, of ours: examples in words, and how many there are."""

    @property
    def nothing_to_do(self) -> bool:
        """Is everything there as declared?"""
        return not (self.make or self.change or self.delete)

    @property
    def renewed(self) -> int:
        """How many of the changed rows are deleted and made again."""
        return self.going - self.delete


@dataclass(frozen=True, slots=True)
class Compared:
    """All tables."""

    tables: list[Comparison]
    """In the order of loading."""
    referring: set[str]
    """Tables to be emptied before anything is deleted, for they refer to what goes."""

    @property
    def changed(self) -> list[str]:
        """The names of the tables that are not as declared."""
        return [one.table.name for one in self.tables if not one.nothing_to_do]


def compare_all(
    database: Database, found: Survey, steps: Steps, *, later_go: bool = False, emptied: Collection[str] = ()
) -> Compared:
    """Compare every table within the caller's transaction.

    later_go: rows that came since the seeding are to go too, from tables in which every row was ours.
    emptied: the tables that will be emptied before anything is deleted.
    Raises InTheWayError and ReferredToError with examples: what was asked for cannot be done then.
    """
    looks = [
        _Look(database, table, found.real[table.name], found.entries.get(table.name), number, steps, later_go=later_go)
        for number, table in enumerate(found.tables)
    ]
    for one in looks:
        one.look()
    _refuse_in_the_way(looks)
    of_the_test = [name for name in found.written if found.is_taken_over(name)]
    referring = _spread(database, looks, emptied, of_the_test)
    return Compared([one.counted() for one in looks], referring)


def is_untouched(database: Database, table: Table, entry: Entry) -> bool:
    """Was this very declaration applied, and has none of its rows been changed since? In doubt, no."""
    return (
        entry.version == table.version
        and entry.mark is not None
        and database.unchanged_since(table.name, entry.mark, len(table))
    )


def _refuse_in_the_way(looks: Sequence["_Look"]) -> None:
    examples = [example for one in looks for example in one.found.in_the_way]
    if examples:
        lines = "\n".join(f"  - {example}" for example in examples)
        raise InTheWayError(
            "expected room for the declared rows, found rows in their place that no seeding made; nothing was written. "
            f"Delete or rename these, or declare other keys:\n{lines}"
        )


def _spread(
    database: Database, looks: Sequence["_Look"], emptied: Collection[str], of_the_test: Collection[str]
) -> set[str]:
    """Let rows of ours that refer to rows that go, go with them, to be made again; return who of `emptied` refers too.

    So no foreign key has to be switched off, and none that cascades gets hold of a row that is not ours.
    Raises ReferredToError when rows of others refer to what goes.
    """
    by_name = {one.name: one for one in looks}
    referring: set[str] = set()
    if not any(one.is_staged for one in looks):
        return referring
    references = references_to(database, list(by_name), dict.fromkeys([*emptied, *of_the_test]))
    for reference in references:
        by_name[reference.parent].renew_referred(reference.parent_columns)
    spreading = True
    while spreading:
        spreading = False
        for reference in references:
            parent, child = by_name[reference.parent], by_name.get(reference.child)
            if not parent.goes:
                continue
            if child is not None:
                spreading |= child.go_with(parent, reference)
            elif reference.child in emptied:
                referring.add(reference.child)
            else:
                refuse_referring(database, reference, parent.going, of_the_test=reference.child in of_the_test)
    return referring


class _Look:
    """One table as it is compared.

    In its statements `s` is the declared rows, `o` the keys of rows that are there and ours, `g` the keys of those that
    go, and `t` the table itself.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        real: RealTable,
        entry: Entry | None,
        number: int,
        steps: Steps,
        *,
        later_go: bool,
    ) -> None:
        self._database = database
        self._entry = None if entry is None or entry.written else entry
        self._all_ours = later_go and self._entry is not None and self._entry.others == 0
        self._steps = steps
        self._rows = f"surgeline_rows_{number}"
        self._ours = f"surgeline_ours_{number}"
        self._there = f"{database.quote(table.name)} t"
        self._gone = f"surgeline_gone_{number}"
        self.name = table.name
        self.key = table.key
        self.going = Going(table.key, self._gone)
        self.found = Comparison(table, real, count(database, database.quote(table.name)))
        self.is_staged = False
        self.goes = False
        """Does any row go?"""

    def look(self) -> None:
        """Find out what is ours and what is in the way; only where that is not known without comparing."""
        found, table = self.found, self.found.table
        if found.there == 0:
            return
        if self._entry is not None and is_untouched(self._database, table, self._entry):
            found.others = found.there - len(table)
            if not (self._all_ours and found.others):
                return
        self._compare()

    def _compare(self) -> None:
        self.is_staged = True
        found, table = self.found, self.found.table
        stage(self._database, self._rows, table, list(table.columns), self._steps)
        self._stage_keys(self._ours)
        self._stage_ours()
        self._stage_keys(self._gone)
        found.rows = self._rows
        found.others = found.there - count(self._database, self._ours)
        if found.others:
            self._find_rows_in_the_way()
        if not found.in_the_way:
            self._find_what_goes()

    def _stage_keys(self, name: str) -> None:
        self._database.drop_staging(name)
        self._database.make_staging(name, self.name, self.key)

    def _stage_ours(self) -> None:
        """Fill in the keys of the rows that are there and ours."""
        database, table = self._database, self.found.table
        if self._all_ours:
            self._add(self._ours, self._there)
        elif self._entry is not None and self._entry.key == table.key_json():
            self._add(self._ours, f"{self._there} JOIN {self._rows} s ON {self._exactly('s', 't')}")
        elif self._entry is not None:
            stage(database, KEYS, self._earlier(self._entry), self.key, self._steps)
            self._add(self._ours, f"{self._there} JOIN {KEYS} k ON {self._exactly('k', 't')}")
            database.drop_staging(KEYS)
        database.index_staging(self._ours, self.key)

    def _earlier(self, entry: Entry) -> Table:
        """Return the earlier declaration's key. Raises InTheWayError when it is of other columns."""
        earlier = table_from_key_json(entry.key)
        if set(earlier.key) != set(self.key):
            raise InTheWayError(
                f"{self.name}: expected the key that its rows were seeded by, {', '.join(earlier.key)}, found "
                f"{', '.join(self.key)}; nothing was written. `surgeline seed clean` takes those rows out by their "
                "key; then apply"
            )
        return earlier

    def _find_rows_in_the_way(self) -> None:
        for columns in (self.key, *self._other_unique_keys()):
            met = f"{self._there} JOIN {self._rows} s ON {equal(self._database, 's', 't', columns)}"
            ours = f"LEFT JOIN {self._ours} o ON {self._exactly('o', 't')}"
            self._note(f"{met} {ours} WHERE {self._first('o')} IS NULL", columns)

    def _note(self, rows: str, columns: Sequence[str]) -> None:
        """Note examples of rows of others that are in the way, by the columns that both have."""
        names = listed(self._database, "t", columns)
        examples = self._database.fetch(f"SELECT {names} FROM {rows} LIMIT {EXAMPLES}")
        for row in examples:
            values = ", ".join(f"{column} = {value}" for column, value in zip(columns, row, strict=True))
            self.found.in_the_way.append(f"{self.name}: {values}")
        if len(examples) == EXAMPLES and (more := count(self._database, rows) - EXAMPLES):
            self.found.in_the_way.append(f"{self.name}: {more:,} more with the same {', '.join(columns)} as ours")

    def _find_what_goes(self) -> None:
        """Rows of ours that are not declared, and those whose unique values other rows get now."""
        declared = f"LEFT JOIN {self._rows} s ON {self._exactly('o', 's')} WHERE {self._first('s')} IS NULL"
        self._add(self._gone, f"{self._ours} o {declared}", "o")
        self.found.delete = count(self._database, self._gone)
        for columns in self._other_unique_keys():
            met = f"{self._there} JOIN {self._rows} s ON {equal(self._database, 's', 't', columns)}"
            self._add(self._gone, f"{met} WHERE NOT ({self._exactly('s', 't')})")
        self._database.index_staging(self._gone, self.key)
        self._see_whether_any_goes()

    def renew_referred(self, columns: Sequence[str]) -> None:
        """Let rows go whose values in these columns change, to which others refer: there they are like a key."""
        declared = [column for column in columns if column in self.found.table.columns and column not in self.key]
        if self.is_staged and declared:
            differs = self._database.differs(self.name, declared, "s", "t")
            self._add(self._gone, f"{self._both} WHERE {differs}")
            self._see_whether_any_goes()

    def go_with(self, parent: "_Look", reference: Reference) -> bool:
        """Let rows go that refer to rows of another table, or this one, that go. Is any new among them?

        Raises ReferredToError when any is not ours.
        """
        if self.found.there == 0:
            return False
        if not self.is_staged:
            self._compare()
        with collect_referring(self._database, reference, self.going, parent.going) as referring:
            rows = count(self._database, referring)
            if rows:
                same = equal(self._database, "o", "e", self.key)
                others = f"{referring} e WHERE NOT EXISTS (SELECT 1 FROM {self._ours} o WHERE {same})"
                refuse_collected(self._database, reference, self.key, others)
                self._add(self._gone, f"{referring} e", "e")
                self.goes = True
        return rows > 0

    def counted(self) -> Comparison:
        """Return what has to be done; the numbers are of rows."""
        found, length = self.found, len(self.found.table)
        if not self.is_staged:
            found.make, found.keep = (length, 0) if found.there == 0 else (0, length)
            return found
        gone = f"EXISTS (SELECT 1 FROM {self._gone} g WHERE {equal(self._database, 'g', 't', self.key)})"
        staying = count(self._database, self._both)
        found.make = length - staying
        if self.goes:
            found.gone = self._gone
            found.going = count(self._database, f"{self._there} WHERE {gone}")
        changes = [gone] if found.renewed else []
        if columns := [column for column in found.table.columns if column not in self.key]:
            changes.append(self._database.differs(self.name, columns, "s", "t"))
        if changes:
            found.change = count(self._database, f"{self._both} WHERE {' OR '.join(changes)}")
        found.keep = staying - found.change
        return found

    def _see_whether_any_goes(self) -> None:
        self.goes = count(self._database, self._gone) > 0

    def _other_unique_keys(self) -> list[tuple[str, ...]]:
        """Return the unique keys beside our own whose values are all declared."""
        columns = [key.columns for key in self.found.real.unique_keys if set(key.columns) != set(self.key)]
        return [one for one in columns if set(one) <= set(self.found.table.columns)]

    def _add(self, name: str, rows: str, alias: str = "t") -> None:
        """Put the keys of rows into a temporary table."""
        into = f"{name} ({listed(self._database, '', self.key)})"
        self._database.execute(f"INSERT INTO {into} SELECT {listed(self._database, alias, self.key)} FROM {rows}")

    @property
    def _both(self) -> str:
        """Declared rows that are there."""
        return f"{self._rows} s JOIN {self._there} ON {self._exactly('s', 't')}"

    def _exactly(self, left: str, right: str) -> str:
        return exactly(self._database, self.name, self.found.real, left, right, self.key)

    def _first(self, alias: str) -> str:
        return f"{alias}.{self._database.quote(self.key[0])}"
