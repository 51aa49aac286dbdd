"""Are the tables that the script draws from seeded, in the database that is given, as they are declared now?"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from surgeline.advice import seed_command
from surgeline.data.sources import TableSource
from surgeline.errors import OptionError, SurgelineError
from surgeline.report.doctor import Finding, Level
from surgeline.script.plan import TestPlan

if TYPE_CHECKING:  # its import is dear, and most scripts seed nothing
    from surgeline.seeding.status import TableStatus

CHECK = "pools"
_NO_TABLE = "run the service's migrations, or give the URL of its database (--database, DATABASE_URL)"
Statuses = Callable[[str, Sequence[Any]], "Sequence[TableStatus]"]
"""Returns how each table stands in the database of a URL. Raises SurgelineError."""


def tables_of(plan: TestPlan) -> list[Any]:
    """Return the declared tables that the plan's pools are made of, each once."""
    tables: dict[str, Any] = {}
    for pool in plan.pools:
        if isinstance(pool.source, TableSource):
            tables.setdefault(pool.source.table.name, pool.source.table)
    return list(tables.values())


def statuses(url: str, tables: Sequence[Any]) -> "Sequence[TableStatus]":
    """Ask the database. Raises SurgelineError when it cannot be reached."""
    from surgeline.seeding.connect import connect  # noqa: PLC0415 - few scripts draw from tables
    from surgeline.seeding.status import status  # noqa: PLC0415

    with connect(url) as database:
        return status(database, tables)


def pool_findings(tables: Sequence[Any], url: str | None, ask: Statuses = statuses) -> list[Finding]:
    """Return a finding for each table; nothing where the script draws from none. Raises OptionError for a wrong URL."""
    if not tables:
        return []
    if url is None:
        names = ", ".join(table.name for table in tables)
        return [
            Finding(
                Level.SKIPPED,
                CHECK,
                f"the script draws from {names}; whether that is seeded is not known without a database",
                "give --database URL, or set DATABASE_URL",
            )
        ]
    try:
        return list(_findings(tables, ask(url, tables)))
    except OptionError:  # a wrong URL is no finding, but a wrong option
        raise
    except SurgelineError as error:
        return [Finding(Level.FAILURE, CHECK, str(error), "check the database and --database")]


def too_slow(seconds: float) -> list[Finding]:
    """Return what is known when the database did not answer in time."""
    return [
        Finding(
            Level.WARNING,
            CHECK,
            f"the database did not say within {seconds:g} s how the tables stand",
            "surgeline seed status FILE --database URL",
        )
    ]


def _findings(tables: Sequence[Any], found: "Iterable[TableStatus]") -> Iterable[Finding]:
    from surgeline.seeding.status import State  # noqa: PLC0415 - few scripts draw from tables

    for table, one in zip(tables, found, strict=True):
        if one.fine:
            yield Finding(Level.OK, CHECK, f"{one.table}: {one.message}")
        else:
            yield Finding(
                Level.FAILURE,
                CHECK,
                f"{one.table}: {one.state}; {one.message}",
                _NO_TABLE if one.state is State.MISSING_TABLE else seed_command(table),
            )
