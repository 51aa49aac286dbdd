"""What is said to do about rows whose parents are not there: by the pools that the script draws from."""

import pytest

from surgeline import pool
from surgeline.advice import advise, seed_command
from surgeline.engine.missing_parents import MissingParent
from surgeline.seeding import computed, pattern, sequence, table, text

USERS = MissingParent("POST /message", "users", "user_id", "id-0000007")
APPLY_THIS = f"surgeline seed apply {__file__} --database URL"
APPLY_FILE = "surgeline seed apply FILE --database URL"


def declared(name="users", rows=10):
    return table(name, rows=rows, key="id", columns={"id": pattern("id-{:07d}"), "number": sequence(), "bio": text()})


TABLE, SHOPS, IN_A_SCHEMA, LARGE = declared(), declared("shops"), declared("crm.users"), declared(rows=1_000_000)


def only(parents, pools=()):
    (advice,) = advise(parents, pools)
    return advice


@pytest.mark.parametrize("columns", [("id",), (), ("number", "id"), ("bio",)])
def test_a_pool_of_the_table_is_to_be_seeded(columns):
    advice = only([USERS], [pool.table(SHOPS, "id"), pool.table(TABLE, *columns)])

    assert advice.command == APPLY_THIS
    assert "POST /message: " in advice.text
    assert "'users': no row with the key id-0000007 (as user_id)" in advice.text
    assert f"a pool of 'users', which {TABLE.file}" in advice.text
    assert "it is not seeded" in advice.text


def test_a_key_that_the_table_does_not_make_comes_from_elsewhere():
    advice = only([MissingParent("POST /message", "users", "user_id", "id-0000011")], [pool.table(TABLE, "id")])

    assert "that key is none of its rows': it comes from elsewhere" in advice.text
    assert advice.command is None


def test_a_key_of_numbers_is_found_as_text():
    assert only([MissingParent("POST /", "users", "n", "10")], [pool.table(TABLE, "number")]).command == APPLY_THIS
    assert only([MissingParent("POST /", "users", "n", "11")], [pool.table(TABLE, "number")]).command is None


def test_in_a_large_table_a_key_is_not_looked_for():
    assert only([MissingParent("POST /", "users", "id", "x")], [pool.table(LARGE, "id")]).command == APPLY_THIS


def test_a_table_with_a_schema_is_the_one_that_the_database_names_without():
    assert only([USERS], [pool.table(IN_A_SCHEMA, "id")]).command == APPLY_THIS


def test_ids_that_make_the_key_are_named():
    advice = only([USERS], [pool.rows(["a"]), pool.ids("id-{:07d}", count=1_000)])

    assert 'pool.ids("id-{:07d}", first=1, count=1000) of the script makes that key' in advice.text
    assert advice.command == APPLY_FILE


def test_a_pool_of_another_table_that_holds_the_key_is_named():
    assert "The pool of 'shops' of the script makes that key" in only([USERS], [pool.table(SHOPS, "id")]).text


@pytest.mark.parametrize("rows", [["id-0000007"], [{"user": "id-0000007"}]])
def test_values_that_hold_the_key_are_named(rows):
    assert "A pool of 1 values of the script makes that key" in only([USERS], [pool.rows(rows)]).text


def test_a_file_that_holds_the_key_is_named(tmp_path):
    file = tmp_path / "users.csv"
    file.write_text("id,name\nid-0000007,ada\n")

    assert f"The pool of {file} of the script makes that key" in only([USERS], [pool.csv(file)]).text


def test_a_file_that_was_changed_meanwhile_costs_no_advice(tmp_path):
    file = tmp_path / "users.jsonl"
    file.write_text('"id-0000007"\n')
    users = pool.json(file)
    file.write_text('"gone"\n')

    assert only([USERS], [users]) == only([USERS])
    assert "The pool of 'shops'" in only([USERS], [users, pool.table(SHOPS, "id")]).text


def test_columns_that_raise_cost_no_advice():
    def raises(row):
        raise ZeroDivisionError

    own = table("users", rows=10, key="id", columns={"id": sequence(), "name": computed(raises)})

    assert "The script draws from a pool of 'users'" in only([USERS], [pool.table(own, "name")]).text


def test_a_key_from_elsewhere_leads_to_general_advice():
    advice = only([USERS], [pool.ids("id-{:07d}", count=7, first=8), pool.table(SHOPS, "number")])

    assert "seed it before the run, and let the script draw from pool.table" in advice.text
    assert advice.command == APPLY_FILE


def test_where_the_database_names_no_table_the_scripts_own_is_the_one():
    advice = only([MissingParent("POST /order")], [pool.table(SHOPS, "id")])

    assert "the table that they refer to" in advice.text
    assert advice.command == APPLY_THIS


def test_a_table_is_spoken_of_once():
    shops = MissingParent("POST /message", "shops")

    of_users, of_shops = advise([USERS, shops, MissingParent("POST /order", "users", "id", "8")], [])

    assert of_users.text.startswith("POST /message and 1 more: ")
    assert "table 'shops'" in of_shops.text


def test_a_secret_key_is_not_shown():
    advice = only([MissingParent("POST /", "sessions", "session_token", "abcdefgh")])

    assert "abcdefgh" not in advice.text
    assert "(redacted)" in advice.text


def test_nothing_that_is_missing_is_no_advice():
    assert advise([], [pool.ids("id-{}", count=3)]) == ()


def test_a_path_with_a_space_is_quoted(tmp_path):
    folder = tmp_path / "my seeds"
    folder.mkdir()
    (folder / "users.py").write_text("from surgeline.seeding import *\n")
    code = compile("made = declare()", str(folder / "users.py"), "exec")
    namespace = {"declare": declared}
    exec(code, namespace)

    assert seed_command(namespace["made"]) == f"surgeline seed apply '{folder / 'users.py'}' --database URL"
