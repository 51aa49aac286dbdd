"""The order in which tables are filled, so that what is referred to is there first; reversed, that of emptying them.

Pure. Must not know how a table is filled.
"""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from surgeline.errors import OptionError
from surgeline.seeding.database import RealTable
from surgeline.seeding.declaration import Table, Written

T = TypeVar("T", bound=Table | Written)


def loading_order(tables: Iterable[T], real: Mapping[str, RealTable]) -> list[T]:
    """Return the tables so that each comes after those that it refers to, by its declaration or by the real table.

    `real` is by the declared names; a table that is not in it has its declaration alone. A table may refer to itself.
    A real foreign key counts where all its columns are declared, else it is empty in the declared rows; all count in a
    table that only the test writes.
    Raises OptionError naming tables that refer to one another in a circle.
    """
    by_name = {table.name: table for table in tables}
    graph = {name: _before(table, real.get(name), by_name) for name, table in by_name.items()}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise OptionError(
            "expected tables that can be filled one after another, found foreign keys in a circle: "
            f"{circle}; leave the column of one of them, one that may be NULL, out of the declaration"
        ) from None


def same_table(one: str, other: str) -> bool:
    """Are these names of the same table? A name without a schema is that of a table in any."""
    shorter, longer = sorted((one, other), key=lambda name: name.count("."))
    return longer == shorter or ("." not in shorter and longer.endswith(f".{shorter}"))


def _before(table: Table | Written, real: RealTable | None, names: Iterable[str]) -> list[str]:
    """Return those of the tables that have to be filled before one, in their own order."""
    referred = list(_referred(table, real))
    return [name for name in names if name != table.name and any(same_table(name, one) for one in referred)]


def _referred(table: Table | Written, real: RealTable | None) -> Iterator[str]:
    """Go through the tables that one refers to."""
    if isinstance(table, Table):
        yield from (reference.parent.name for reference in table.references.values())
    for key in real.foreign_keys if real is not None else ():
        if isinstance(table, Written) or all(column in table.columns for column in key.columns):
            yield key.parent
