"""Opens a database by its URL. The adapter, and the driver that it needs, are imported then and not before."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from surgeline.errors import OptionError
from surgeline.seeding.database import Database
from surgeline.seeding.url import DatabaseURL, Kind, parse_url

# Module and driver. Each module has `open_database(url: DatabaseURL) -> Database`, which raises DatabaseError.
_ADAPTERS: dict[Kind, tuple[str, str]] = {
    "postgresql": ("surgeline.seeding.databases.postgres", "asyncpg"),
    "mysql": ("surgeline.seeding.databases.mysql", "pymysql"),
    "sqlite": ("surgeline.seeding.databases.sqlite", "sqlite3"),
}


@contextmanager
def connect(url: DatabaseURL | str) -> Iterator[Database]:
    """Give an open database, closed at the end of the block; what was not committed is undone.

    Raises OptionError for a wrong URL or a missing driver, DatabaseError when the database cannot be reached.
    """
    database = _open(parse_url(url) if isinstance(url, str) else url)
    try:
        yield database
    finally:
        database.close()


def _open(url: DatabaseURL) -> Database:
    module, driver = _ADAPTERS[url.kind]
    try:
        adapter = import_module(module)
    except ModuleNotFoundError as error:
        if error.name != driver:
            raise
        raise OptionError(
            f"{url.kind}: expected the driver {driver}, found that it is not installed; "
            'pip install "surgeline[seeding]"'
        ) from error
    database: Database = adapter.open_database(url)
    return database
