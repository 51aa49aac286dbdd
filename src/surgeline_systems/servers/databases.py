"""Gives a system its database, on the first kind of server that can be had: MariaDB or PostgreSQL.

A URL of the environment decides which kind. This module must not know the tables of any system.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from surgeline_systems.servers import mariadb, postgres
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.ways import Server

SHARED_VARIABLE = "DATABASE_URL"
Environment = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class DatabaseKind:
    """A kind of database server. `opened` and `standing` give a database of that name; `opened` raises NoServerError
    when there is no server, nor programs to start one; `standing` gives None when there is no server that stays.
    """

    name: str
    variable: str
    schemes: Sequence[str]
    what_to_do: str
    opened: Callable[[str, Environment], AbstractContextManager[Server]]
    standing: Callable[[str, Environment], Server | None]


def wanted_kinds(names: Sequence[str], environment: Environment) -> Sequence[DatabaseKind]:
    """The kinds of these names; only one where the environment has a URL for one. Raises: ServerError for another."""
    kinds = [KINDS[name] for name in names]
    given = [kind for kind in kinds if environment.get(kind.variable)]
    scheme, separator, _ = environment.get(SHARED_VARIABLE, "").partition("://")
    if given or not separator:
        return given[:1] or kinds
    fitting = [kind for kind in kinds if scheme in kind.schemes]
    if not fitting:
        expected = " or ".join(f"{kind.schemes[0]}://..." for kind in kinds)
        raise ServerError(f"expected {expected} in {SHARED_VARIABLE}, found {scheme}://... Correct or remove it.")
    return fitting


@contextmanager
def _mariadb(database: str, environment: Environment) -> Iterator[Server]:
    with mariadb.mariadb(environment) as server:
        yield mariadb.with_database(server, database)


def _standing_mariadb(database: str, environment: Environment) -> Server | None:
    server = mariadb.standing_server(environment)
    return server and mariadb.with_database(server, database)


def _standing_postgres(database: str, environment: Environment) -> Server | None:
    server = postgres.standing_server(environment)
    return server and postgres.with_database(server, database)


KINDS = {
    "mariadb": DatabaseKind(
        name="MariaDB",
        variable=mariadb.URL_VARIABLES[0],
        schemes=("mysql", "mariadb"),
        what_to_do=mariadb.WHAT_TO_DO,
        opened=_mariadb,
        standing=_standing_mariadb,
    ),
    "postgres": DatabaseKind(
        name="PostgreSQL",
        variable=postgres.URL_VARIABLES[0],
        schemes=("postgresql", "postgres"),
        what_to_do=postgres.WHAT_TO_DO,
        opened=postgres.postgres,
        standing=_standing_postgres,
    ),
}
