"""A database as a declaration meets it: the tables that it names, whether they can hold what it says, in which order.

Everything that can be refused without looking at rows is refused here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from surgeline.errors import SurgelineError
from surgeline.judge.refusals import suggest
from surgeline.seeding.column_types import misfits, remarks
from surgeline.seeding.database import Database, RealTable
from surgeline.seeding.declaration import Table
from surgeline.seeding.file import Declarations
from surgeline.seeding.manifest import Entry, read_manifest
from surgeline.seeding.order import loading_order


class MisfitError(SurgelineError):
    """The declaration does not fit the database; nothing was written."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is declared, beside the real tables and what is known of earlier seedings."""

    tables: tuple[Table, ...]
    """In the order of loading: what is referred to comes first."""
    written: tuple[str, ...]
    """Tables that only the test writes."""
    real: dict[str, RealTable]
    entries: dict[str, Entry]
    remarks: list[str]
    """What fits, and may yet be other than what was meant."""

    def is_taken_over(self, name: str) -> bool:
        """Was this table, which only the test writes, empty when it was first seen? Then all that is in it may go."""
        return name in self.entries and self.entries[name].written


def survey(database: Database, declarations: Declarations) -> Survey:
    """Look at the tables. Raises MisfitError, naming all that does not fit at once."""
    written = tuple(table.name for table in declarations.written)
    names = [*(table.name for table in declarations.tables), *written]
    real = database.tables(names)
    missing = [name for name in names if name not in real]
    problems = _missing_tables(missing, database.relations()) if missing else []
    for table in declarations.tables:
        if table.name in real:
            problems += misfits(table, real[table.name])
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        where = database.target.database
        raise MisfitError(f"the declaration does not fit the database {where}; nothing was written:\n{lines}")
    order = loading_order(declarations.tables, real)
    said = [line for table in order for line in remarks(table, real[table.name], declarations.tables)]
    return Survey(tuple(order), written, real, read_manifest(database), said)


def _missing_tables(missing: Iterable[str], relations: Mapping[str, bool]) -> list[str]:
    """Say of each table what is there instead: a view, or one that is called nearly so."""
    tables = [name for name, is_view in relations.items() if not is_view]
    return [
        f"{name}: expected a table, found a view; declare the tables that it shows"
        if relations.get(name)
        else f"{name}: expected a table, found none{_meant(name, tables)}; run the migrations first, or correct the "
        "name"
        for name in missing
    ]


def _meant(name: str, tables: Sequence[str]) -> str:
    """Return the table of that name in another schema, else one with a name like it."""
    same = [one for one in tables if one.rpartition(".")[2] == name.rpartition(".")[2]]
    return suggest(name, same or tables).rstrip("?")
