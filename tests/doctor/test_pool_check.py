"""Pools of tables are looked for in the database that is given; the command that mends it is said."""

from dataclasses import dataclass

import pytest

from surgeline import pool
from surgeline.doctor.pools import pool_findings, tables_of, too_slow
from surgeline.errors import OptionError, SurgelineError
from surgeline.report.doctor import Finding, Level
from surgeline.seeding import sequence, table
from surgeline.seeding.status import State, TableStatus

URL = "postgresql://me:secret@db/shop_test"


@dataclass
class Plan:
    pools: list


def declared(name):
    return table(name, rows=10, key="id", columns={"id": sequence()})


USERS, SHOPS = declared("users"), declared("shops")


def stands(table, state, message="said so"):
    return TableStatus(table.name, state, 10, 5, "aaa", None, None, message)


def test_the_tables_of_a_plan_are_those_of_its_pools():
    plan = Plan(
        [pool.table(USERS, "id"), pool.rows([1]), pool.ids("{}", count=2), pool.table(SHOPS), pool.table(USERS)]
    )

    assert tables_of(plan) == [USERS, SHOPS]


def test_a_script_without_tables_needs_no_database():
    assert pool_findings([], None) == []


def test_without_a_database_nothing_is_known():
    (finding,) = pool_findings([USERS, SHOPS], None)

    assert finding.level is Level.SKIPPED
    assert "users, shops" in finding.message
    assert "--database URL" in finding.remedy


@pytest.mark.parametrize("state", State)
def test_what_is_not_complete_fails_with_the_command_that_mends_it(state):
    asked = []

    def ask(url, tables):
        asked.append((url, tables))
        return [stands(USERS, State.COMPLETE, "all 10 rows are there"), stands(SHOPS, state, "5 of 10 rows")]

    of_users, of_shops = pool_findings([USERS, SHOPS], URL, ask)

    assert asked == [(URL, [USERS, SHOPS])]
    assert of_users == Finding(Level.OK, "pools", "users: all 10 rows are there")
    if state in {State.COMPLETE, State.WRITTEN}:
        assert of_shops.level is Level.OK
    else:
        assert of_shops.level is Level.FAILURE
        assert of_shops.message == f"shops: {state}; 5 of 10 rows"
        is_there = state is not State.MISSING_TABLE
        assert (of_shops.remedy == f"surgeline seed apply {__file__} --database URL") is is_there
        assert of_shops.remedy.startswith("run the service's migrations") is not is_there


def test_a_database_that_cannot_be_asked_is_a_failure():
    def ask(_url, _tables):
        raise SurgelineError("connection refused")

    (finding,) = pool_findings([USERS], URL, ask)

    assert (finding.level, finding.message) == (Level.FAILURE, "connection refused")


def test_a_wrong_url_is_a_wrong_option():
    with pytest.raises(OptionError, match="nonsense"):
        pool_findings([USERS], "nonsense://")


def test_a_database_that_takes_too_long_is_a_warning():
    (finding,) = too_slow(5.0)

    assert finding.level is Level.WARNING
    assert "within 5 s" in finding.message
