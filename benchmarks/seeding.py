"""Seeding a million users, beside `psql \\copy` of the same rows into the same table.

Three contenders in turn, in each of three rounds, each in a fresh database of the server that is given or running:

  surgeline        makes the rows, loads them and the coupons, rebuilds all indexes, vacuums and analyses
  psql             \\copy from a file that is already there, into the table with its indexes
  psql, rebuild    the same without the two indexes of the table, which are made afterwards: the best that psql can do

Run it: python benchmarks/seeding.py [USERS]
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg

from surgeline_systems.coupons.catalogue import DEFAULT_USERS, Catalogue
from surgeline_systems.coupons.progress import Steps
from surgeline_systems.coupons.schema import make_schema
from surgeline_systems.coupons.seed import USER_COLUMNS, fill, user_chunks
from surgeline_systems.servers.postgres import Postgres, postgres, with_database

ROUNDS = 3
BAR = 1.5
DATABASE = "surgeline_benchmark_seeding"
DROP_INDEXES = "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, DROP CONSTRAINT users_email_key"
MAKE_INDEXES = "ALTER TABLE users ADD PRIMARY KEY (id), ADD UNIQUE (email)"


def main() -> None:
    """Measure, print, and fail when the bar is missed."""
    catalogue = Catalogue(users=int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_USERS)
    with postgres("postgres") as server, tempfile.TemporaryDirectory() as folder:
        print(f"{server.origin}; {catalogue.users:,} users; {ROUNDS} rounds")
        rows = Path(folder) / "users.txt"
        with rows.open("wb") as file:
            file.writelines(text for _, text in user_chunks(catalogue))
        times = measure(server, contenders(catalogue, rows), catalogue.users)
    report(times)


def contenders(catalogue: Catalogue, rows: Path) -> dict[str, Callable[[str], object]]:
    """Each as a function of a database's URL."""
    copy = f"\\copy users ({', '.join(USER_COLUMNS)}) FROM '{rows}'"
    settings = "SET maintenance_work_mem = '256MB'; SET client_min_messages = warning"
    return {
        "surgeline": lambda url: asyncio.run(fill(url, catalogue, Steps(quiet=True))),
        "psql": lambda url: psql(url, copy),
        "psql, rebuild": lambda url: psql(url, settings, DROP_INDEXES, copy, MAKE_INDEXES),
    }


def measure(
    server: Postgres, contenders: dict[str, Callable[[str], object]], expected_rows: int
) -> dict[str, list[float]]:
    """Seconds of each contender in each round."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(ROUNDS):
        for name, contender in contenders.items():
            database = with_database(server, DATABASE)
            asyncio.run(make_schema(database.url))
            asyncio.run(execute(server.url, "CHECKPOINT"))
            began = time.perf_counter()
            contender(database.url)
            times[name].append(time.perf_counter() - began)
            found = asyncio.run(execute(database.url, "SELECT count(*) FROM users"))
            assert found == expected_rows, f"{name}: expected {expected_rows} users, found {found}"
            asyncio.run(execute(server.url, f"DROP DATABASE {DATABASE} WITH (FORCE)"))
        print(f"round {number + 1}: " + ", ".join(f"{name} {seconds[-1]:.2f} s" for name, seconds in times.items()))
    return times


def report(times: dict[str, list[float]]) -> None:
    """Medians, and ours against the others."""
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    ours = medians["surgeline"]
    for name, median in medians.items():
        print(f"{name:<14} median {median:.2f} s   surgeline takes {ours / median:.2f} times as long")
    if ours > BAR * medians["psql"]:
        sys.exit(f"expected at most {BAR} times the time of psql, found {ours / medians['psql']:.2f}")


def psql(url: str, *commands: str) -> None:
    """Run commands one after the other, each in its own transaction."""
    options = [option for command in commands for option in ("-c", command)]
    subprocess.run(["psql", "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", url, *options], check=True)


async def execute(url: str, statement: str) -> object:
    """Run one statement; gives its first value."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
