"""Seeding a million users, beside each database's own bulk load of the same rows from a file; and what a reset takes.

For PostgreSQL, MariaDB and SQLite, in each of three rounds, each contender into new tables with a primary key and a
unique email:

  surgeline   `surgeline seed apply` as a whole: Python's start, rows made, loaded, manifest, statistics of the planner
  its own     psql's \\copy, the mariadb client's LOAD DATA LOCAL, sqlite3's .import: the rows are in a file already

Then, for each: 10,000 users, and `surgeline seed reset` after a test that wrote 100,000 rows.

Run it: python benchmarks/seeding.py [USERS]
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from surgeline.seeding.connect import connect
from surgeline.seeding.encode import COMMON, encode
from surgeline.seeding.file import load_declarations
from surgeline.seeding.staging import batches
from surgeline.seeding.url import parse_url
from surgeline_systems.servers.mariadb import fresh_database, mariadb
from surgeline_systems.servers.postgres import postgres

ROUNDS = 3
BAR = 1.5
MOST_MEMORY_MB = 150
FEW_USERS, FEW_SECONDS = 10_000, 0.5
WRITTEN_ROWS, RESET_SECONDS = 100_000, 2.0
DATABASE = "surgeline_benchmark_seeding"
DECLARATION = Path(__file__).with_name("seed_users.py")
SURGELINE = Path(sys.executable).with_name("surgeline")
COLUMNS = "id, email, timezone, birthday"


@dataclass(frozen=True)
class Contest:
    """One kind of database: where, with which tables, and how it loads a file itself."""

    name: str
    url: str
    tables: Sequence[str]
    """Statements that make them."""
    own: Sequence[str]
    """The command of its own bulk load."""
    write: str
    """The statement by which a test writes rows."""


def main() -> None:
    """Measure, print, and fail when a bar is missed."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        # An installed package is compiled already: so is ours, from the first round on, whatever the shell asks for.
        os.environ |= {"PYTHONPYCACHEPREFIX": f"{folder}/compiled", "PYTHONDONTWRITEBYTECODE": ""}
        rows = _file_of_rows(Path(folder) / "users.txt", users)
        contests = list(_contests(stack, Path(folder), rows))
        print(f"{users:,} users, {ROUNDS} rounds; seconds are medians")
        missed = [line for contest in contests for line in _hold(contest, users)]
    if missed:
        sys.exit("missed: " + "; ".join(missed))


def _hold(contest: Contest, users: int) -> Iterator[str]:
    """Run one contest; print its figures and yield the bars that it misses."""
    ours, own, few, memory = [], [], [], 0.0
    for number in range(ROUNDS):
        # Whoever is second finds a busier disk: they take turns in being first.
        for seconds, command in [(ours, _apply(contest, users)), (own, contest.own)][:: 1 if number % 2 else -1]:
            _make_tables(contest)
            took, peak = _run(command)
            seconds.append(took)
            memory = max(memory, peak) if seconds is ours else memory
        _make_tables(contest)
        few.append(_run(_apply(contest, FEW_USERS))[0])
    reset = _reset_after_a_test(contest)
    seconds_of = {name: statistics.median(values) for name, values in (("ours", ours), ("own", own), ("few", few))}
    ratio = seconds_of["ours"] / seconds_of["own"]
    print(
        f"{contest.name:<10} surgeline {seconds_of['ours']:.2f} s, {contest.own[0]} {seconds_of['own']:.2f} s: "
        f"{ratio:.2f} x; {memory:.0f} MB; {FEW_USERS:,} users {seconds_of['few']:.2f} s; "
        f"reset after {WRITTEN_ROWS:,} rows {reset:.2f} s"
    )
    bars = {
        f"{ratio:.2f} x its own load, at most {BAR}": ratio <= BAR,
        f"{memory:.0f} MB, at most {MOST_MEMORY_MB}": memory <= MOST_MEMORY_MB,
        f"{seconds_of['few']:.2f} s for {FEW_USERS:,} users, at most {FEW_SECONDS}": seconds_of["few"] <= FEW_SECONDS,
        f"reset in {reset:.2f} s, at most {RESET_SECONDS}": reset <= RESET_SECONDS,
    }
    yield from (f"{contest.name}: {bar}" for bar, met in bars.items() if not met)


def _reset_after_a_test(contest: Contest) -> float:
    """Return the median of resets, each after a test that wrote rows."""
    _make_tables(contest)
    _run(_apply(contest, FEW_USERS))
    seconds = []
    for _ in range(ROUNDS):
        with connect(contest.url) as database:
            database.execute(contest.write)
            written = database.fetch("SELECT count(*) FROM message_logs")[0][0]
            assert written == WRITTEN_ROWS, f"expected {WRITTEN_ROWS} rows written, found {written}"
        seconds.append(_run(_seed("reset", contest, FEW_USERS))[0])
    return statistics.median(seconds)


def _apply(contest: Contest, users: int) -> list[str]:
    return _seed("apply", contest, users)


def _seed(command: str, contest: Contest, users: int) -> list[str]:
    return [str(SURGELINE), "seed", command, str(DECLARATION), "--database", contest.url, "-e", f"USERS={users}", "-q"]


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Run a command; return its seconds and its peak of memory in MB."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, f"{command[0]} ended with {child.returncode}"
    return seconds, usage.ru_maxrss / 1024


def _make_tables(contest: Contest) -> None:
    with connect(contest.url) as database:
        for name in ("message_logs", "users", "surgeline_seed"):
            database.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in contest.tables:
            database.execute(statement)


def _file_of_rows(path: Path, users: int) -> Path:
    """Write the rows as all three databases read them."""
    table = load_declarations(DECLARATION, {"USERS": str(users)}).tables[0]
    columns = list(table.columns)
    with path.open("wb") as file:
        file.writelines(encode(batch, columns, COMMON) for batch in batches(table, columns))
    return path


def _contests(stack: ExitStack, folder: Path, rows: Path) -> Iterator[Contest]:
    """The kinds of databases that are here."""
    server = stack.enter_context(postgres(DATABASE))
    copy = f"\\copy users ({COLUMNS}) FROM '{rows}'"
    yield Contest(
        "PostgreSQL",
        server.url,
        _tables("UUID", "TEXT"),
        ["psql", "--quiet", "--no-psqlrc", server.url, "-c", copy],
        f"INSERT INTO message_logs SELECT n, (SELECT min(id::text)::uuid FROM users), 'a message' "
        f"FROM generate_series(1, {WRITTEN_ROWS}) n",
    )
    maria = stack.enter_context(fresh_database(stack.enter_context(mariadb()).url, DATABASE))
    yield Contest(
        "MariaDB",
        maria,
        _tables("CHAR(36)", "VARCHAR(200)"),
        ["mariadb", *_client_options(maria), "-e", f"LOAD DATA LOCAL INFILE '{rows}' INTO TABLE users ({COLUMNS})"],
        f"INSERT INTO message_logs SELECT seq, (SELECT min(id) FROM users), 'a message' FROM seq_1_to_{WRITTEN_ROWS}",
    )
    if shutil.which("sqlite3"):
        file = folder / f"{DATABASE}.db"
        file.touch()
        yield Contest(
            "SQLite",
            f"sqlite:///{file}",
            _tables("TEXT", "TEXT"),
            ["sqlite3", str(file), ".mode tabs", f".import {rows} users"],
            f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {WRITTEN_ROWS}) "
            "INSERT INTO message_logs SELECT n, (SELECT min(id) FROM users), 'a message' FROM numbers",
        )


def _client_options(url: str) -> list[str]:
    """The options of the mariadb client for a database."""
    at = parse_url(url)
    place = [f"--socket={at.options['unix_socket']}"] if "unix_socket" in at.options else [f"--host={at.host}"]
    password = [f"--password={at.password}"] if at.password else []
    return [*place, f"--port={at.port or 3306}", f"--user={at.user}", *password, "--local-infile=1", at.database]


def _tables(identifier: str, text: str) -> list[str]:
    return [
        f"CREATE TABLE users (id {identifier} PRIMARY KEY, email {text} NOT NULL UNIQUE, timezone {text} NOT NULL, "
        "birthday DATE NOT NULL)",
        f"CREATE TABLE message_logs (id BIGINT PRIMARY KEY, user_id {identifier} NOT NULL, text {text} NOT NULL, "
        "FOREIGN KEY (user_id) REFERENCES users (id))",
    ]


if __name__ == "__main__":
    main()
