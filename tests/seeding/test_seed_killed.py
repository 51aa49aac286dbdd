"""A seeding killed at any moment: everything is as before, or as after, or `status` tells what is missing."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import killed_child
import pytest
from seeding_support import LOGS, MANIFEST, SHOP, done, dump, make_shop, states, without_times

from healthy_generator import COMMAND
from surgeline.seeding.apply import Indexes, apply
from surgeline.seeding.clean import clean
from surgeline.seeding.connect import connect
from surgeline.seeding.database import Database
from surgeline.seeding.file import Declarations, load_declarations
from surgeline.seeding.status import State
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify

FILE = """
from surgeline import env
from surgeline.seeding import foreign_key, integer, pattern, sequence, table, written

users = table("users", rows=env("USERS", 100), key="id", columns={"id": sequence(), "age": integer(18, 99),
    "email": pattern("perf.user.{}@test.com", env("FIRST", 1))})
orders = table("orders", rows=env("ORDERS", 150), key="id", columns={
    "id": sequence(100), "user_id": foreign_key(users)})
logs = written("logs")
"""
CHANGED = {"USERS": "80", "FIRST": "3", "ORDERS": "170"}
CHILD = Path(killed_child.__file__)
WAIT = 60
PLACES = ["postgres", "mysql", "sqlite"]


@dataclass(frozen=True)
class Scenario:
    """A command, on what it is carried out, and what it is carried out by in this process."""

    command: tuple[str, ...]
    carry_out: Callable[[Database, Declarations], Any]
    kills: int
    seeded: bool = True
    env: tuple[tuple[str, str], ...] = ()


SCENARIOS = {
    "first": Scenario(("apply",), lambda database, found: apply(database, found, Unseen()), 4, seeded=False),
    "changed": Scenario(
        ("apply",), lambda database, found: apply(database, found, Unseen()), 4, env=tuple(CHANGED.items())
    ),
    "rebuild": Scenario(
        ("apply", "--indexes", "rebuild"),
        lambda database, found: apply(database, found, Unseen(), Indexes.REBUILD),
        3,
        seeded=False,
    ),
    "reset": Scenario(("reset",), lambda _, found: done(_, *found.tables, *found.written), 3),
    "clean": Scenario(("clean",), lambda database, found: clean(database, found, Unseen()), 2),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "seed.py"
    path.write_text(FILE)
    return path


class Stage:
    """A database on which a scenario is played again and again."""

    def __init__(self, place: Any, file: Path, scenario: Scenario) -> None:
        self.place = place
        self.file = file
        self.scenario = scenario
        self.declared = load_declarations(file, dict(scenario.env))

    def prepare(self, database: Database) -> None:
        """Make everything anew: rows of others, for most scenarios a first seeding, and what a test wrote since."""
        for name in (MANIFEST, *reversed(SHOP)):
            if database.tables([name]):
                database.execute(f"DROP TABLE {name}")
        make_shop(database, self.place.numbered)
        database.execute("INSERT INTO orders VALUES (9000, NULL, 1)")
        if self.scenario.seeded:
            apply(database, load_declarations(self.file, {}), Unseen())
            database.execute("INSERT INTO logs (user_id, text) VALUES (3, 'of the test')")
            database.execute("UPDATE users SET age = 1 WHERE id < 20")
            if "reset" in self.scenario.command:
                database.execute("INSERT INTO users VALUES (8000, 'of the test', 1, 'x')")
            else:
                database.execute("DELETE FROM logs")

    def points(self, database: Database) -> int:
        """Carry out the command to its end; return how many points it has."""
        found = 0

        def point() -> None:
            nonlocal found
            found += 1

        with pytest.MonkeyPatch.context() as patch:
            killed_child.watch(adapter_of(self.place.url), point, patch.setattr)
            self.scenario.carry_out(database, self.declared)
        return found

    def arguments(self) -> list[str]:
        name, *options = self.scenario.command
        env = [part for pair in self.scenario.env for part in ("-e", "=".join(pair))]
        return ["seed", name, str(self.file), "--database", self.place.url, *options, *env]

    def killed(self, point: int, ending: signal.Signals = signal.SIGKILL) -> int:
        command = [sys.executable, str(CHILD), str(point), ending.name, adapter_of(self.place.url), *self.arguments()]
        return subprocess.run(command, capture_output=True, timeout=WAIT, check=False).returncode

    def check(self, before: Any, after: Any) -> None:
        """Look at what is there, and mend it."""
        with connect(self.place.url) as database:
            wait_for_the_end_of_others(database)
            found = without_times(dump(database))
            tables, logs = dict(found), found["logs"]
            if "reset" in self.scenario.command and found not in (before, after):
                # Tables of the test are emptied when the others are as they were seeded.
                assert logs == before["logs"]
                tables["logs"] = []
                assert tables == after
            else:
                assert found in (before, after)
            was_seeded = self.scenario.seeded if found == before else "clean" not in self.scenario.command
            told = states(database, *self.declared.tables, LOGS)
            assert told["logs"] is (State.WRITTEN if was_seeded else State.NOT_SEEDED)
            if found == after:
                assert told["users"] is (State.COMPLETE if was_seeded else State.NOT_SEEDED)
            self.scenario.carry_out(database, self.declared)
            assert without_times(dump(database)) == after
            apply(database, self.declared, Unseen())
            assert verify(database, self.declared, Unseen()).differences == []


def adapter_of(url: str) -> str:
    return {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite"}[url.partition(":")[0]]


def wait_for_the_end_of_others(database: Database) -> None:
    """A server notices by and by that a client has gone; until then it holds its locks."""
    others = {
        "PostgreSQL": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        "MariaDB": "SELECT count(*) FROM information_schema.PROCESSLIST "
        "WHERE DB = DATABASE() AND ID <> CONNECTION_ID()",
    }
    ask = others.get(database.target.kind)
    deadline = time.monotonic() + WAIT
    while ask is not None and database.fetch(ask) != [(0,)]:
        assert time.monotonic() < deadline, "a killed client's session does not end"


def played(place: Any, file: Path, name: str, ending: signal.Signals, count: int) -> list[int]:
    """Play a scenario to its end, then again and again with an end at points spread by chance; return the codes."""
    stage = Stage(place, file, SCENARIOS[name])
    with connect(place.url) as database:
        stage.prepare(database)
        before = without_times(dump(database))
        points = stage.points(database)
        after = without_times(dump(database))
    assert before != after
    assert points > 20
    # The same moments in every run.
    chance = random.Random(f"{place.url.partition(':')[0]} {name}")
    codes = []
    for part in range(count):
        with connect(place.url) as database:
            stage.prepare(database)
        point = chance.randint(points * part // count + 1, points * (part + 1) // count)
        codes.append(stage.killed(point, ending))
        stage.check(before, after)
    return codes


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_killed_before_a_statement(place: Any, file: Path, name: str) -> None:
    """45 moments in all, each exactly known."""
    if name == "rebuild" and adapter_of(place.url) == "mysql":
        pytest.skip("it cannot undo that, and leaves all indexes")
    codes = played(place, file, name, signal.SIGKILL, SCENARIOS[name].kills)
    assert set(codes) == {-signal.SIGKILL}


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_killed_at_any_time(place: Any, file: Path) -> None:
    """Also in the middle of a statement: the moment is counted from the first sign of life in the database."""
    stage = Stage(place, file, SCENARIOS["changed"])
    with connect(place.url) as database:
        stage.prepare(database)
        before = without_times(dump(database))
        began = time.monotonic()
        stage.points(database)
        seconds = time.monotonic() - began
        after = without_times(dump(database))
    for share in (0.3, 0.8):
        with connect(place.url) as database:
            stage.prepare(database)
        watched = [sys.executable, str(CHILD), "1", "SIGSTOP", adapter_of(place.url), *stage.arguments()]
        with subprocess.Popen(watched, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            process.send_signal(signal.SIGCONT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=seconds * share)
            process.kill()
        stage.check(before, after)


@pytest.mark.parametrize("name", ["first", "changed"])
@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_stopped_by_a_person(place: Any, file: Path, name: str) -> None:
    """Ctrl-C before the first statement, and in the middle."""
    stage = Stage(place, file, SCENARIOS[name])
    with connect(place.url) as database:
        stage.prepare(database)
        before = without_times(dump(database))
        points = stage.points(database)
        stage.prepare(database)
    for point in (1, points // 2):
        assert stage.killed(point, signal.SIGINT) == 105
        with connect(place.url) as database:
            wait_for_the_end_of_others(database)
            assert without_times(dump(database)) == before


def test_a_child_that_is_not_killed_does_its_work(place: Any, file: Path) -> None:
    """The children of the other tests would."""
    stage = Stage(place, file, SCENARIOS["first"])
    with connect(place.url) as database:
        stage.prepare(database)
    done = subprocess.run([*COMMAND, *stage.arguments()], capture_output=True, timeout=WAIT, check=False)
    assert done.returncode == 0
    with connect(place.url) as database:
        assert set(states(database, *stage.declared.tables).values()) == {State.COMPLETE}
