"""What the tests of the engine of seeding share: a small shop on any database, and what can be said of all its rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from surgeline.seeding import foreign_key, integer, pattern, sequence, table, written
from surgeline.seeding.apply import Change, Indexes, apply
from surgeline.seeding.clean import Cleaned, clean
from surgeline.seeding.database import Database
from surgeline.seeding.declaration import Table, Written
from surgeline.seeding.file import Declarations
from surgeline.seeding.generator import Generator
from surgeline.seeding.plan import plan
from surgeline.seeding.reset import ResetDone, Restored, reset
from surgeline.seeding.status import State, status
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify

MANIFEST = "surgeline_seed"
SHOP = ("users", "orders", "logs")


def make_shop(database: Database, numbered: str, *, references: str = "") -> None:
    """Users, their orders, and a log that refers to users; `references` is what is said of its foreign key."""
    database.execute(
        "CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(100) NOT NULL UNIQUE, age INTEGER NOT NULL, "
        "note VARCHAR(50))"
    )
    database.execute(
        "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT, amount INTEGER, "
        "CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id))"
    )
    database.execute(
        f"CREATE TABLE logs (id {numbered}, user_id BIGINT, text VARCHAR(50), "
        f"CONSTRAINT logs_user FOREIGN KEY (user_id) REFERENCES users (id) {references})"
    )


def users(rows: int = 10, *, key: str = "id", seed: int = 1, **columns: Generator) -> Table:
    generators = {"id": sequence(), "email": pattern("perf.user.{}@test.com"), "age": integer(18, 99), **columns}
    return table("users", rows=rows, key=key, seed=seed, columns=generators)


def orders(of: Table, rows: int = 20, **columns: Generator) -> Table:
    generators = {"id": sequence(100), "user_id": foreign_key(of), "amount": integer(1, 1000), **columns}
    return table("orders", rows=rows, key="id", columns=generators)


def declared(*tables: Table | Written) -> Declarations:
    return Declarations(
        Path("seed.py"),
        tuple(one for one in tables if isinstance(one, Table)),
        tuple(one for one in tables if isinstance(one, Written)),
    )


def applied(database: Database, *tables: Table | Written, indexes: Indexes = Indexes.AUTO) -> dict[str, Change]:
    return {one.table: one for one in apply(database, declared(*tables), Unseen(), indexes)}


def planned(database: Database, *tables: Table | Written) -> dict[str, Change]:
    return {one.table: one for one in plan(database, declared(*tables), Unseen()).changes}


def put_back(database: Database, *tables: Table | Written) -> dict[str, Restored]:
    return {one.table: one for one in done(database, *tables).tables}


def done(database: Database, *tables: Table | Written) -> ResetDone:
    return reset(database, declared(*tables), Unseen())


def cleaned(database: Database, *tables: Table | Written) -> dict[str, Cleaned]:
    return {one.table: one for one in clean(database, declared(*tables), Unseen())}


def differences(database: Database, *tables: Table | Written) -> list[tuple[str, str, int]]:
    found = verify(database, declared(*tables), Unseen()).differences
    return [(one.table, one.kind.value, one.rows) for one in found]


def states(database: Database, *tables: Table | Written) -> dict[str, State]:
    return {one.table: one.state for one in status(database, tables)}


def counts(change: Change) -> tuple[int, int, int, int, int]:
    """Made, changed, deleted, kept, of others."""
    return change.made, change.changed, change.deleted, change.kept, change.others


def rows(database: Database, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return sorted(database.fetch(f"SELECT {columns} FROM {database.quote(name)}"), key=repr)


def dump(database: Database, names: Sequence[str] = SHOP) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables, and of the manifest; one that is empty is as good as none."""
    manifest = rows(database, MANIFEST) if database.tables([MANIFEST]) else []
    return {**{name: rows(database, name) for name in names}, **({MANIFEST: manifest} if manifest else {})}


def without_times(dumped: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[Any]]:
    """What two seedings leave alike: not when, nor how long, nor the marks."""
    return {name: [row[:6] if name == MANIFEST else row for row in held] for name, held in dumped.items()}


def as_declared(declaration: Table, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of a declaration as `rows` gives them."""
    made = zip(*(declaration.column(name).values(range(len(declaration))) for name in columns), strict=True)
    return sorted(made, key=repr)


LOGS = written("logs")
