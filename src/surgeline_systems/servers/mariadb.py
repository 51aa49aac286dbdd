"""Finds MariaDB, or starts one, and gives a test or a system a database of its own there.

The order: the URL of the environment, a server that runs on this machine, the host's programs, started privately. There
is no wheel with them. This module must not know the tables of any system.
"""

import getpass
import itertools
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pymysql
from pymysql.cursors import Cursor

from surgeline_systems.servers.mariadb_private import Programs, private_mariadb
from surgeline_systems.servers.ways import Kind, Server

URL_VARIABLES = ("SURGELINE_MYSQL_URL", "DATABASE_URL")
PORT = 3306
PLACES = ("127.0.0.1", "/run/mysqld/mysqld.sock", "/tmp/mysql.sock")  # noqa: S108 MariaDB itself puts its socket there
SERVER_FOLDERS = ("/usr/sbin", "/usr/libexec", "/usr/local/bin", "/opt/homebrew/opt/mariadb/bin")
CONNECT_TIMEOUT_SECONDS = 3
# What PyMySQL raises for a server that is not there, not ready, not ours, or asks for a proof that PyMySQL has not.
MARIADB_ERRORS = (OSError, pymysql.Error, RuntimeError)
WHAT_TO_DO = (
    f"Set {URL_VARIABLES[0]}=mysql://user:password@host:3306/, start a server on 127.0.0.1:{PORT}, or install MariaDB."
)


class MariaDB(Server):
    """A server that is ready for use."""


@contextmanager
def mariadb(environment: Mapping[str, str] | None = None) -> Iterator[MariaDB]:
    """Give the first server found; a private one lives while the block runs.

    Raises: ServerError when the environment's URL does not work, NoServerError when there is no way at all.
    """
    with ExitStack() as stack:
        yield standing_server(environment) or KIND.started(stack, [host_programs()], private_server)


def standing_server(environment: Mapping[str, str] | None = None) -> MariaDB | None:
    """A server that is there without our doing, given or running; None when there is none."""
    return KIND.given(environment) or running_server()


def running_server(port: int = PORT, places: Sequence[str] = PLACES) -> MariaDB | None:
    """A server on this machine that lets us in without a password, as root or as ourselves; None without one."""
    users = dict.fromkeys(["root", getpass.getuser()])
    return KIND.running(_passwordless_url(user, place, port) for place, user in itertools.product(places, users))


def host_programs() -> Programs | None:
    """The host's programs; None unless both are there."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), *SERVER_FOLDERS])
    install, serve = (shutil.which(name, path=folders) for name in ("mariadb-install-db", "mariadbd"))
    return Programs(Path(install), Path(serve)) if install and serve else None


@contextmanager
def private_server(programs: Programs) -> Iterator[MariaDB]:
    """Run a private server from these programs while the block runs."""
    with private_mariadb(programs, answers=KIND.answers) as url:
        yield KIND.private(url, programs)


@contextmanager
def fresh_database(server_url: str, database: str) -> Iterator[str]:
    """Make a database; give its URL, and drop it at the end."""
    ask(server_url, f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
    try:
        yield urlsplit(server_url)._replace(path=f"/{quote(database)}").geturl()
    finally:
        ask(server_url, f"DROP DATABASE `{database}`")


def with_database(server: MariaDB, database: str) -> MariaDB:
    """The same server, at a database of the given name, which is made if it is missing."""

    def ensure(url: str, name: str) -> None:
        ask(url, f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")

    user = unquote(urlsplit(server.url).username or "")
    by_its_administrator = f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4; GRANT ALL ON `{database}`.* TO {user};"
    return KIND.with_database(server, database, ensure, by_its_administrator)


def ask(url: str, statement: str) -> tuple[tuple[Any, ...], ...]:
    """Carry out a statement over a connection of its own; return its rows."""
    with connected(url) as cursor:
        cursor.execute(statement)
        rows: tuple[tuple[Any, ...], ...] = cursor.fetchall()
        return rows


@contextmanager
def connected(url: str, *, database: str | None = None, flags: int = 0) -> Iterator[Cursor]:
    """A connection of its own, in no database but the given one; each statement commits. Raises: MARIADB_ERRORS."""
    parts, path = urlsplit(url), _socket(url)
    if path is not None:
        _refuse_dead_socket(path)
    with (
        pymysql.connect(
            host=parts.hostname,
            port=parts.port or PORT,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            unix_socket=path,
            database=database,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            client_flag=flags,
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def _refuse_dead_socket(path: str) -> None:
    """PyMySQL leaves its own end open when nobody listens at the other. Raises: OSError."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(CONNECT_TIMEOUT_SECONDS)
        probe.connect(path)


def _passwordless_url(user: str, place: str, port: int) -> str:
    if place.startswith("/"):
        return f"mysql://{quote(user)}@localhost/mysql?{urlencode({'unix_socket': place})}"
    return f"mysql://{quote(user)}@{place}:{port}/mysql"


def _place(url: str) -> str:
    """Where the server of a URL is, without who we are there. Raises ValueError for what is no such URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"mysql", "mariadb"}:
        raise ValueError("another scheme")
    return _socket(url) or f"{parts.hostname}:{parts.port or PORT}"


def _socket(url: str) -> str | None:
    return parse_qs(urlsplit(url).query).get("unix_socket", [None])[0]


def _version(url: str) -> str:
    version = ask(url, "SELECT VERSION()")[0][0]
    return f"{'MariaDB' if 'MariaDB' in version else 'MySQL'} {version.partition('-')[0]}"


KIND = Kind(
    found=MariaDB,
    name="MariaDB or MySQL",
    url_variables=URL_VARIABLES,
    url_form="mysql://user:password@host:3306/database (special characters of a password as %xx)",
    what_to_do=WHAT_TO_DO,
    errors=MARIADB_ERRORS,
    place=_place,
    version=_version,
    shared={"DATABASE_URL": ("postgresql", "postgres")},
)
