"""Loads a file of declarations: the tables that it declares or imports, in order.

Must not know any database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from surgeline.errors import ScriptError, SurgelineError
from surgeline.judge.refusals import suggest
from surgeline.script.collection import Collection
from surgeline.script.execute import execute, open_collection
from surgeline.seeding.declaration import Table, Written, declaring


@dataclass(frozen=True, slots=True)
class Declarations:
    """What a file declares."""

    path: Path
    tables: tuple[Table, ...]
    """In the order in which they are declared; no name twice."""
    written: tuple[Written, ...]
    """The tables into which only the test writes."""
    asked_for: frozenset[str] = frozenset()
    """The names of values that the file asked for by `env`."""

    def unread(self, given: Iterable[str]) -> list[str]:
        """Return the names of values that were given and that nothing asked for, in words."""
        return [f"{name}{suggest(name, self.asked_for)}" for name in given if name not in self.asked_for]


def load_declarations(
    path: Path, env: Mapping[str, str] | None = None, stored: Mapping[str, str] | None = None
) -> Declarations:
    """Run a file of Python and return what it declares; scripts with scenarios are such files too.

    Declared are the tables that the file makes, and those of other modules for which it has a name of its own. `env`
    is laid over the environment of the process for `surgeline.env`, and `stored` under it. Raises ScriptError when the
    file cannot be run, when it declares nothing, or a table twice, and when values cannot be made.
    """
    collection = open_collection(path, env or {}, stored or {})
    found = _declared(path, collection)
    if not found:
        raise ScriptError(
            'expected at least one table, found none; declare it: table("users", rows=10_000, key=..., columns={...})',
            str(path),
        )
    _refuse_twins(path, found)
    tables = tuple(one for one in found if isinstance(one, Table))
    for table in tables:
        _try_out(path, table)
    written = tuple(one for one in found if isinstance(one, Written))
    return Declarations(path, tables, written, frozenset(one.name for one in collection.env_values))


def _declared(path: Path, collection: Collection) -> list[Table | Written]:
    """Return what the file declares: first what was imported before, then in order."""
    made: list[Table | Written] = []
    token = declaring.set(made)
    try:
        namespace = execute(path, collection).namespace
    finally:
        declaring.reset(token)
    named = {id(value): value for value in namespace.values() if isinstance(value, Table | Written)}
    own = {id(one): one for one in made if id(one) in named or (one.file is not None and one.file.module == str(path))}
    return [*(one for number, one in named.items() if number not in own), *own.values()]


def _refuse_twins(path: Path, found: Sequence[Table | Written]) -> None:
    """Raise ScriptError when two tables have the same name."""
    first: dict[str, Table | Written] = {}
    for one in found:
        other = first.setdefault(one.name, one)
        if other is not one:
            raise ScriptError(f"expected each table once, found {one.name!r} also at {other.file}", *_place(path, one))


def _try_out(path: Path, table: Table) -> None:
    """Make one row: what functions of `computed` need that stands below the table is there by now.

    Raises ScriptError when there is something wrong with one.
    """
    try:
        table.row(0)
        _ = table.version
    except SurgelineError as error:
        raise ScriptError(str(error), *_place(path, table)) from None


def _place(path: Path, declared: Table | Written) -> tuple[str, int | None]:
    return (str(path), None) if declared.file is None else (declared.file.path, declared.file.line)
