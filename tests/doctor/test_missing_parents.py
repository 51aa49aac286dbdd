"""What databases say of rows whose parents are not there is found, whatever it is wrapped in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.engine.missing_parents import MOST_PLACES, MissingParent, MissingParents, find_missing_parent

KEY = "48974710-dc08-48ef-824f-c217f6a2bee6"
POSTGRES = f'Key (user_id)=({KEY}) is not present in table "users".'
DOCUMENT = json.dumps(
    {
        "code": "DATABASE_ERROR",
        "error": {
            "name": "PostgresError",
            "code": "23503",
            "detail": POSTGRES,
            "constraint_name": "message_logs_user_id_users_id_fk",
        },
    },
    indent=2,
)
MYSQL = (
    "Cannot add or update a child row: a foreign key constraint fails (`shop`.`orders`, CONSTRAINT `orders_ibfk_1` "
    "FOREIGN KEY (`user_id`) REFERENCES {}`users` (`id`))"
)
USERS = ("users", "user_id", KEY)
NO_KEY = ("users", "user_id", None)
NOTHING_MORE = (None, None, None)

SAID = {
    "the document's answer": (DOCUMENT, USERS),
    "the same as text in JSON": (json.dumps({"message": DOCUMENT}), USERS),
    "twice": (json.dumps({"message": json.dumps({"cause": DOCUMENT})}), USERS),
    "in HTML": (POSTGRES.replace('"', "&quot;"), USERS),
    "with escapes": (POSTGRES.replace('"', "\\u0022"), USERS),
    "asyncpg's exception": (
        f'insert or update on table "logs" violates foreign key constraint "x"\nDETAIL:  {POSTGRES}',
        USERS,
    ),
    "several columns": (
        'Key (shop, id)=(1, f(2)) is not present in table "users".',
        ("users", "shop, id", "1, f(2)"),
    ),
    "without a detail": ('violates foreign key constraint "message_logs_user_id_users_id_fk"', NOTHING_MORE),
    "a code alone": ('{"sqlState": "23503"}', NOTHING_MORE),
    "a type alone": ("place-order: ForeignKeyViolationError", NOTHING_MORE),
    "MySQL": (MYSQL.format(""), NO_KEY),
    "MySQL, another database": (MYSQL.format("`core`."), NO_KEY),
    "MySQL in JSON": (json.dumps({"error": MYSQL.format("")}), NO_KEY),
    "MySQL's number": ('{"errno": 1452}', NOTHING_MORE),
    "MySQL's word": ('{"code": "ER_NO_REFERENCED_ROW_2"}', NOTHING_MORE),
    "SQLite": ("sqlite3.IntegrityError: FOREIGN KEY constraint failed", NOTHING_MORE),
}


@pytest.mark.parametrize("name", SAID)
def test_what_a_database_says_is_understood(name):
    text, (table, columns, key) = SAID[name]

    assert find_missing_parent("POST /", text) == MissingParent("POST /", table, columns, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order 23503 was not found",
        '{"id": 1452, "error": "out of stock"}',
        'update or delete on table "users" violates foreign key constraint "x" on table "logs"\n'
        'DETAIL:  Key (id)=(7) is still referenced from table "logs".',
        "Cannot delete or update a parent row: a foreign key constraint fails (`shop`.`orders`, ...)",
        'duplicate key value violates unique constraint "users_pkey"',
        'Key (id)=(7) is not present in "users"',
    ],
)
def test_other_failures_are_not_taken_for_it(text):
    assert find_missing_parent("POST /", text) is None


@given(st.text(alphabet="Key (user_id)=is not present in table\\\"'`FOREIGN KEY REFERENCES()23503\n", max_size=300))
def test_no_text_is_too_much(text):
    found = find_missing_parent("POST /", text)

    assert found is None or found.where == "POST /"


def test_a_long_key_is_cut():
    found = find_missing_parent("POST /", f'Key (id)=({"x" * 150}) is not present in table "users".')

    assert found.key == "x" * 100 + "..."


def test_the_first_of_each_place_and_table_is_kept():
    parents = MissingParents()
    for number in range(3):
        parents.look("POST /a", f'Key (id)=({number}) is not present in table "users".')
        parents.look("POST /b", f'Key (id)=({number}) is not present in table "users".')
        parents.look("POST /a", f'Key (id)=({number}) is not present in table "shops".')

    assert [(one.where, one.table, one.key) for one in parents.found] == [
        ("POST /a", "users", "0"),
        ("POST /b", "users", "0"),
        ("POST /a", "shops", "0"),
    ]


def test_only_so_many_places_are_kept():
    parents = MissingParents()
    for number in range(2 * MOST_PLACES):
        parents.look(f"POST /{number}", "FOREIGN KEY constraint failed")

    assert len(parents.found) == MOST_PLACES
