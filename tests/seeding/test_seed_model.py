"""Small declarations, applied, damaged, changed, reset and cleaned at random, beside a model of what must come of it.

The model knows rows as dictionaries and nothing of SQL. It says for each command whether it has to be refused, which
rows are there afterwards, and the numbers that are reported.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seeding_support import MANIFEST, applied, cleaned, counts, differences, planned, put_back, states

from surgeline.errors import SurgelineError
from surgeline.seeding import choice, foreign_key, integer, nulls, pattern, sequence, table
from surgeline.seeding.compare import InTheWayError
from surgeline.seeding.database import Database, DatabaseError
from surgeline.seeding.declaration import Table
from surgeline.seeding.referring import ReferredToError
from surgeline.seeding.reset import NotSeededError
from surgeline.seeding.status import State

Row = dict[str, Any]
Rows = dict[str, dict[Any, Row]]
"""Rows by the name of their table and their key."""

COLUMNS = {
    "parents": ("id", "code", "a", "b", "n"),
    "children": ("id", "parent_id", "code", "v"),
    "strangers": ("id", "parent_id"),
}
UNIQUE = {"parents": (("code",), ("a", "b")), "children": (("code",),), "strangers": ()}
SCHEMA = (
    "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY, code VARCHAR(20) UNIQUE, a INTEGER, b INTEGER, "
    "n INTEGER DEFAULT 7, UNIQUE (a, b))",
    "CREATE TABLE children (id VARCHAR(20) NOT NULL PRIMARY KEY, parent_id BIGINT, code VARCHAR(20) UNIQUE, "
    "v INTEGER, FOREIGN KEY (parent_id) REFERENCES parents (id) {action})",
    "CREATE TABLE strangers (id BIGINT NOT NULL PRIMARY KEY, parent_id BIGINT, "
    "FOREIGN KEY (parent_id) REFERENCES parents (id) {action})",
)
COMMANDS = {"apply": applied, "reset": put_back, "clean": cleaned}
ACTIONS = ("", "ON DELETE CASCADE", "ON DELETE SET NULL")


@dataclass
class Model:
    """What is known beside the rows: which declaration of each table was applied last, and how many others there were
    before the first."""

    ours: dict[str, Table] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)

    def keys(self, name: str) -> set[Any]:
        return keys_of(self.ours[name]) if name in self.ours else set()

    def apply(self, before: Rows, tables: list[Table]) -> tuple[Rows, dict[str, tuple[int, ...]]]:
        """Return the rows afterwards and what is told of each table. Raises what apply has to."""
        ours = {name: {key for key in held if key in self.keys(name)} for name, held in before.items()}
        after, told = settle(before, tables, ours)
        for one in tables:
            there, of_others = before[one.name], len(before[one.name]) - len(ours[one.name])
            if one.name not in self.ours or len(there) == of_others:
                self.others[one.name] = of_others
            self.ours[one.name] = one
        return after, told

    def reset(self, before: Rows, tables: list[Table]) -> tuple[Rows, dict[str, tuple[int, ...]]]:
        for one in tables:
            if one.name not in self.ours or self.ours[one.name].version != one.version:
                raise NotSeededError
        alone = {one.name for one in tables if self.others[one.name] == 0}
        ours = {name: {key for key in held if name in alone or key in self.keys(name)} for name, held in before.items()}
        after, told = settle(before, tables, ours)
        for one in tables:
            if told[one.name][0] == len(one) and told[one.name][2]:
                raise NotSeededError
        return after, told

    def clean(self, before: Rows, tables: list[Table]) -> Rows:
        names = [one.name for one in tables if one.name in self.ours]
        gone = {name: set(before[name]) & self.keys(name) if name in names else set() for name in before}
        for name in ("children", "strangers"):
            for key, row in before[name].items():
                if key not in gone[name] and row["parent_id"] in gone["parents"]:
                    raise ReferredToError
        for name in names:
            del self.ours[name], self.others[name]
        return {name: {key: row for key, row in held.items() if key not in gone[name]} for name, held in before.items()}


def settle(before: Rows, tables: list[Table], ours: dict[str, set[Any]]) -> tuple[Rows, dict[str, tuple[int, ...]]]:
    """Return what is there once the tables hold what is declared, where these rows are ours."""
    declared = {one.name: {row["id"]: row for row in map(one.row, range(len(one)))} for one in tables}
    gone = {name: set[Any]() for name in before}
    for name, wanted in declared.items():
        gone[name] = (ours[name] - set(wanted)) | holders_elsewhere(name, before[name], wanted, ours[name])
    let_children_go(before, gone, {name: ours[name] for name in declared})
    after = {name: dict(held) for name, held in before.items()}
    told = {}
    for name, wanted in declared.items():
        after[name], told[name] = settled(name, before[name], wanted, gone[name], ours[name])
    return after, told


def holders_elsewhere(name: str, there: dict[Any, Row], wanted: dict[Any, Row], ours: set[Any]) -> set[Any]:
    """Return the keys of rows of ours that have unique values which are declared for other rows."""
    holders = {value: key for key, row in there.items() for value in unique_values(name, row)}
    met = {
        (key, holders[value]) for key, row in wanted.items() for value in unique_values(name, row) if value in holders
    }
    if not ours >= {holder for _, holder in met} | (set(there) & set(wanted)):
        raise InTheWayError
    return {holder for key, holder in met if holder != key}


def let_children_go(before: Rows, gone: dict[str, set[Any]], ours: dict[str, set[Any]]) -> None:
    for name in ("children", "strangers"):
        referring = {key for key, row in before[name].items() if row["parent_id"] in gone["parents"]} - gone[name]
        if not referring <= ours.get(name, set()):
            raise ReferredToError
        gone[name] |= referring


def settled(
    name: str, there: dict[Any, Row], wanted: dict[Any, Row], gone: set[Any], ours: set[Any]
) -> tuple[dict[Any, Row], tuple[int, ...]]:
    """Return the rows of one table afterwards, and what is told of it."""
    new = {**dict.fromkeys(COLUMNS[name]), **({"n": 7} if name == "parents" else {})}
    after = {key: row for key, row in there.items() if key not in gone}
    changed = 0
    for key, row in wanted.items():
        changed += key in gone or (key in after and after[key] != {**after[key], **row})
        after[key] = {**after.get(key, new), **row}
    made, deleted = len(set(wanted) - set(there)), len(ours - set(wanted))
    return after, (made, changed, deleted, len(wanted) - made - changed, len(there) - len(ours))


def keys_of(declared: Table) -> set[Any]:
    return set(declared.column("id").values(range(len(declared))))


def unique_values(name: str, row: Row) -> list[tuple[Any, ...]]:
    values = [
        (columns, tuple(row.get(column) for column in columns))
        for columns in UNIQUE[name]
        if all(column in row for column in columns)
    ]
    return [value for value in values if None not in value[1]]


# What can happen.

numbers = st.integers(1, 9)


@st.composite
def parents(draw: st.DrawFn) -> Table:
    columns = {
        "id": sequence(draw(st.integers(1, 4)), draw(st.sampled_from([1, 1, 2]))),
        "code": draw(st.sampled_from([pattern("c{}", 1), pattern("c{}", 2), pattern("c{}", 4)])),
        "a": integer(1, 3),
        "b": integer(1, 12, unique=True),
        "n": choice([1, 2, None]),
    }
    if draw(st.booleans()):
        columns["code"] = nulls(columns["code"], 0.3)
    left_out = draw(st.sampled_from([(), (), ("n",), ("code",), ("b",)]))
    kept = {name: generator for name, generator in columns.items() if name not in left_out}
    return table("parents", rows=draw(st.integers(2, 8)), key="id", columns=kept, seed=draw(st.integers(1, 2)))


@st.composite
def children(draw: st.DrawFn, of: Table) -> Table:
    columns = {
        "id": pattern("k{}", draw(st.integers(1, 3))),
        "parent_id": draw(
            st.sampled_from([foreign_key(of), nulls(foreign_key(of), 0.4), foreign_key(of, per_parent=9)])
        ),
        "code": pattern("d{}", draw(st.integers(1, 3))),
        "v": integer(1, 2),
    }
    left_out = draw(st.sampled_from([(), (), ("v",), ("code",), ("parent_id",)]))
    kept = {name: generator for name, generator in columns.items() if name not in left_out}
    return table("children", rows=draw(st.integers(2, 8)), key="id", columns=kept, seed=draw(st.integers(1, 2)))


@st.composite
def declarations(draw: st.DrawFn) -> list[Table]:
    parent = draw(parents())
    return [parent, draw(children(parent))] if draw(st.sampled_from([True, True, False])) else [parent]


# Mostly rows that are ours are changed, and others beside them; now and then both get into each other's way.
keys = st.integers(1, 10)
apart = st.integers(30, 33)
mostly_apart = st.one_of(apart, apart, keys)
codes = st.one_of(st.none(), apart.map("c{}".format), numbers.map("c{}".format))
other_codes = st.one_of(st.none(), apart.map("c{}".format), numbers.map("c{}".format))
referred = st.one_of(keys, keys, apart)
damages = st.one_of(
    st.tuples(
        st.just("INSERT INTO parents (id, code, a, b) VALUES ({}, {}, 40, {})"), mostly_apart, other_codes, apart
    ),
    st.tuples(st.just("INSERT INTO strangers (id, parent_id) VALUES ({}, {})"), apart, st.one_of(apart, apart, keys)),
    st.tuples(
        st.just("INSERT INTO children (id, parent_id) VALUES ({}, {})"), mostly_apart.map("k{}".format), referred
    ),
    st.tuples(st.just("DELETE FROM parents WHERE id = {}"), keys),
    st.tuples(st.just("DELETE FROM parents WHERE id > {}"), keys),
    st.tuples(st.just("DELETE FROM parents WHERE id < {}"), apart),
    st.tuples(st.just("DELETE FROM children WHERE id = {}"), keys.map("k{}".format)),
    st.tuples(st.just("DELETE FROM children WHERE parent_id > {}"), keys),
    st.tuples(st.just("DELETE FROM strangers WHERE id > {}"), apart),
    st.tuples(st.just("UPDATE parents SET code = {} WHERE id = {}"), codes, keys),
    st.tuples(st.just("UPDATE parents SET n = {} WHERE id > {}"), st.none() | numbers, keys),
    st.tuples(st.just("UPDATE parents SET id = {} WHERE id = {}"), mostly_apart, keys),
    st.tuples(st.just("UPDATE children SET parent_id = {} WHERE id = {}"), referred, keys.map("k{}".format)),
    st.tuples(
        st.just("UPDATE children SET id = {} WHERE id = {}"), mostly_apart.map("k{}".format), keys.map("k{}".format)
    ),
)
commands = st.tuples(st.sampled_from(["apply", "apply", "reset", "reset", "clean"]), st.integers(0, 2))
before_the_first = st.lists(damages, max_size=3)
rounds = st.lists(st.tuples(st.lists(damages, min_size=1, max_size=4), commands), min_size=2, max_size=6)
steps = st.builds(
    lambda before, found: [*before, ("apply", 0), *(one for damaged, command in found for one in (*damaged, command))],
    before_the_first,
    rounds,
)


def held(database: Database) -> Rows:
    found = {}
    for name, columns in COLUMNS.items():
        listed = database.fetch(f"SELECT {', '.join(columns)} FROM {name}")
        found[name] = {row[0]: dict(zip(columns, row, strict=True)) for row in listed}
    return found


def manifest(database: Database) -> list[Any]:
    return sorted(database.fetch(f"SELECT * FROM {MANIFEST}")) if database.tables([MANIFEST]) else []


def expected(answer: Callable[[], Any]) -> tuple[Any, type[Exception] | None]:
    try:
        return answer(), None
    except SurgelineError as error:
        return None, type(error)


def play(database: Database, declared: list[list[Table]], script: list[Any], action: str) -> None:
    make_anew(database, action)
    model, last = Model(), declared[0]
    for what, *values in [*script, ("clean", 0)]:
        if what in COMMANDS:
            # A reset is mostly one of what was applied last.
            last = last if what == "reset" and values[0] else declared[values[0] % len(declared)]
            check(database, model, what, last)
        else:
            with suppress(DatabaseError):
                database.execute(what.format(*map(database.literal, values)))


def make_anew(database: Database, action: str) -> None:
    for name in ("strangers", "children", "parents", MANIFEST):
        if database.tables([name]):
            database.execute(f"DROP TABLE {name}")
    for statement in SCHEMA:
        database.execute(statement.format(action=action))


def check(database: Database, model: Model, what: str, tables: list[Table]) -> None:
    before, kept = held(database), manifest(database)
    answer, refusal = expected(lambda: getattr(model, what)(before, tables))
    if refusal is not None:
        refused(database, what, tables, refusal)
        assert (held(database), manifest(database)) == (before, kept)
        return
    if what == "apply":
        told = {name: counts(one) for name, one in planned(database, *tables).items()}
        assert (held(database), manifest(database)) == (before, kept), "plan changed something"
        assert told == answer[1]
        assert {name: counts(one) for name, one in applied(database, *tables).items()} == answer[1]
        assert held(database) == answer[0]
    elif what == "reset":
        found = put_back(database, *tables)
        assert {name: (one.made, one.changed, one.deleted) for name, one in found.items()} == {
            name: one[:3] for name, one in answer[1].items()
        }
        assert held(database) == answer[0]
    else:
        found_rows = cleaned(database, *tables)
        assert held(database) == answer
        assert {name: one.left for name, one in found_rows.items()} == {name: len(answer[name]) for name in found_rows}
        assert bool(manifest(database)) == bool(model.ours)
        return
    assert not [one for one in differences(database, *tables) if one[1] != "extra in our range"]
    assert set(states(database, *tables).values()) == {State.COMPLETE}
    again = {name: counts(one)[:3] for name, one in planned(database, *tables).items()}
    assert set(again.values()) == {(0, 0, 0)}


def refused(database: Database, what: str, tables: list[Table], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        COMMANDS[what](database, *tables)
    if what == "apply":
        with pytest.raises(refusal):
            planned(database, *tables)


def played_at_random(database: Database, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(declarations(), min_size=1, max_size=3), steps, st.sampled_from(ACTIONS))
    def played(declared: list[list[Table]], script: list[Any], action: str) -> None:
        play(database, declared, script, action)

    played()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_every_command_does_what_the_model_says(database: Database) -> None:
    database.execute("PRAGMA synchronous = OFF")
    database.fetch("PRAGMA journal_mode = MEMORY")
    played_at_random(database, 60)


@pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)
def test_servers_do_what_the_model_says(database: Database) -> None:
    played_at_random(database, 3)
