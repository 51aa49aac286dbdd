"""What tests of databases have in common: rows on their way in, without anyone who watches."""

from collections.abc import Sequence
from typing import Any

from surgeline.seeding.database import Batch, Database


def ignore(_rows: int) -> None:
    """Nobody watches."""


def one_batch(*columns: Sequence[Any]) -> list[Batch]:
    return [Batch(len(columns[0]), columns)]


def load(database: Database, table: str, **columns: Sequence[Any]) -> int:
    return database.load(table, list(columns), one_batch(*columns.values()), ignore)
