"""Finds MariaDB, or starts one, and gives a test or a system a database of its own there.

The order: the URL of the environment, a server that runs on this machine, the host's programs, started privately. There
is no wheel with them. This module must not know the tables of any system.
"""

import getpass
import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pymysql

from surgeline_systems.servers.launch import ServerError
from surgeline_systems.servers.mariadb_private import Programs, private_mariadb

URL_VARIABLE = "SURGELINE_MYSQL_URL"
PORT = 3306
PLACES = ("127.0.0.1", "/run/mysqld/mysqld.sock", "/tmp/mysql.sock")  # noqa: S108 MariaDB itself puts its socket there
SERVER_FOLDERS = ("/usr/sbin", "/usr/libexec", "/usr/local/bin", "/opt/homebrew/opt/mariadb/bin")
CONNECT_TIMEOUT_SECONDS = 3
URL_FORM = "mysql://user:password@host:3306/database (special characters of a password as %xx)"
WHAT_TO_DO = (
    f"Set {URL_VARIABLE}=mysql://user:password@host:3306/, start a server on 127.0.0.1:{PORT}, or install MariaDB."
)


@dataclass(frozen=True)
class MariaDB:
    """A server that is ready for use: a URL, and where it is, in words without secrets."""

    url: str
    origin: str


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Give the first server found; a private one lives while the block runs.

    Raises: ServerError when the environment's URL does not work, or when there is no way at all.
    """
    with ExitStack() as stack:
        yield given_server() or running_server() or stack.enter_context(private_server(host_programs()))


def given_server() -> MariaDB | None:
    """The server of the environment's URL; None when there is none."""
    url = os.environ.get(URL_VARIABLE)
    if not url:
        return None
    try:
        place = _place(url)
        return MariaDB(url, f"{_version(url)} at {place}, given by {URL_VARIABLE}")
    except ValueError:
        raise ServerError(
            f"expected {URL_FORM} in {URL_VARIABLE}, found something else. Correct or remove it."
        ) from None
    except (OSError, pymysql.Error, RuntimeError) as error:
        raise ServerError(
            f"expected a MariaDB or MySQL server at {place}, given by {URL_VARIABLE}, found: {error}. "
            "Correct or remove the URL."
        ) from error


def running_server(port: int = PORT, places: Sequence[str] = PLACES) -> MariaDB | None:
    """A server on this machine that lets us in without a password, as root or as ourselves; None without one."""
    there = [place for place in places if not place.startswith("/") or Path(place).exists()]
    for place, user in itertools.product(there, dict.fromkeys(["root", getpass.getuser()])):
        url = _passwordless_url(user, place, port)
        if answers(url):
            return MariaDB(url, f"{_version(url)} running at {place}")
    return None


def host_programs() -> Programs | None:
    """The host's programs; None unless both are there."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), *SERVER_FOLDERS])
    install, serve = (shutil.which(name, path=folders) for name in ("mariadb-install-db", "mariadbd"))
    return Programs(Path(install), Path(serve)) if install and serve else None


@contextmanager
def private_server(programs: Programs | None) -> Iterator[MariaDB]:
    """Run a private server from these programs while the block runs. Raises: ServerError where there are none."""
    if programs is None:
        raise ServerError(f"expected a MariaDB, found no URL, no running server, no programs. {WHAT_TO_DO}")
    with private_mariadb(programs, answers=answers) as url:
        yield MariaDB(url, f"{_version(url)} of our own at {_place(url)}, from {programs.serve}")


@contextmanager
def fresh_database(server_url: str, database: str) -> Iterator[str]:
    """Make a database; give its URL, and drop it at the end."""
    ask(server_url, f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
    try:
        yield urlsplit(server_url)._replace(path=f"/{quote(database)}").geturl()
    finally:
        ask(server_url, f"DROP DATABASE `{database}`")


def answers(url: str) -> bool:
    """Does a server take connections there?"""
    try:
        _version(url)
    except (OSError, pymysql.Error, RuntimeError):
        return False
    return True


def ask(url: str, statement: str) -> tuple[tuple[Any, ...], ...]:
    """Carry out a statement over a connection of its own; return its rows."""
    parts = urlsplit(url)
    with (
        pymysql.connect(
            host=parts.hostname,
            port=parts.port or PORT,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            unix_socket=parse_qs(parts.query).get("unix_socket", [None])[0],
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        rows: tuple[tuple[Any, ...], ...] = cursor.fetchall()
        return rows


def _passwordless_url(user: str, place: str, port: int) -> str:
    if place.startswith("/"):
        return f"mysql://{quote(user)}@localhost/mysql?{urlencode({'unix_socket': place})}"
    return f"mysql://{quote(user)}@{place}:{port}/mysql"


def _place(url: str) -> str:
    """Where the server of a URL is, without who we are there. Raises ValueError for what is no such URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"mysql", "mariadb"}:
        raise ValueError("another scheme")
    return f"{parts.hostname}:{parts.port or PORT}"


def _version(url: str) -> str:
    version = ask(url, "SELECT VERSION()")[0][0]
    return f"{'MariaDB' if 'MariaDB' in version else 'MySQL'} {version.partition('-')[0]}"
