"""Files of declarations: what counts as declared, in which order, and where errors say that they are."""

import re
import sys
from pathlib import Path

import pytest

from surgeline.errors import ScriptError
from surgeline.script.load import load_script
from surgeline.seeding.file import load_declarations

IMPORTS = "from surgeline import env\nfrom surgeline.seeding import *\n"
USERS = "users = table('users', rows=10, key='id', columns={'id': uuid()})\n"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Return a function that writes a file into one folder; what it puts on the path is gone afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(text: str, name: str = "seed.py") -> Path:
        (tmp_path / name).write_text(IMPORTS + text, encoding="utf-8")
        return tmp_path / name

    return write


def names(path: Path) -> list[str]:
    return [table.name for table in load_declarations(path).tables]


def test_tables_come_in_the_order_in_which_they_are_declared(file):
    path = file(
        USERS
        + "orders = table('orders', key='id', columns={'id': sequence(), 'user': foreign_key(users, per_parent=2)})\n"
        "written('logs')\nwritten('audit')\n"
        "users = None\n"
    )
    found = load_declarations(path)
    assert [(table.name, len(table)) for table in found.tables] == [("users", 10), ("orders", 20)]
    assert [table.name for table in found.written] == ["logs", "audit"]
    assert found.path == path
    assert str(found.tables[1].file) == f"{path}:4"


def test_two_loads_make_the_same(file):
    path = file(USERS)
    assert load_declarations(path) == load_declarations(path)


def test_tables_made_in_a_loop_or_by_a_function_are_declared(file):
    file(
        "def staff(name):\n    table(name, rows=2, key='id', columns={'id': sequence()})\n",
        "makers.py",
    )
    path = file(
        "from makers import staff\n"
        "for part in 'ab':\n"
        "    table(f'events_{part}', rows=2, key='id', columns={'id': sequence()})\n"
        "staff('cooks')\n"
    )
    found = load_declarations(path).tables
    assert [table.name for table in found] == ["events_a", "events_b", "cooks"]
    assert Path(found[2].file.path).name == "makers.py"


def test_of_another_module_only_what_the_file_has_a_name_for_is_declared(file):
    file(
        USERS + "coupons = table('coupons', rows=1, key='id', columns={'id': sequence()})\nwritten('x')\n", "shared.py"
    )
    assert names(file("from shared import coupons\n")) == ["coupons"]
    assert names(file("from shared import users as people, coupons\n")) == ["users", "coupons"]
    assert names(file("import shared\ntable('a', rows=1, key='id', columns={'id': sequence()})\n")) == ["a"]


def test_a_table_with_two_names_is_declared_once(file):
    assert names(file(USERS + "people = users\n")) == ["users"]


def test_what_was_imported_before_comes_first(file, tmp_path, monkeypatch):
    """A module from elsewhere is run once in a process: its tables are there already when the file is loaded again."""
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "surgeline_test_tables.py").write_text(IMPORTS + USERS)
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    text = "table('a', rows=1, key='id', columns={'id': sequence()})\nfrom surgeline_test_tables import users\n"
    path = file(text)
    try:
        assert names(path) == ["a", "users"]
        assert names(path) == ["users", "a"]
    finally:
        sys.modules.pop("surgeline_test_tables", None)


def test_a_script_with_scenarios_is_a_file_of_declarations_too(file):
    path = file(
        "from surgeline import constant_vus, options, scenario, thresholds\n"
        + USERS
        + "options(seed=3)\nthresholds({'http_req_failed': ['rate<0.01']})\n"
        "@scenario(constant_vus(vus=1, duration='1s'))\nasync def browse(vu): pass\n"
    )
    assert names(path) == ["users"]
    assert [scenario.name for scenario in load_script(path).scenarios] == ["browse"]


def test_env_takes_what_is_given_before_the_environment(file, monkeypatch):
    monkeypatch.setenv("SEED_TEST_USERS", "20")
    path = file("table('users', rows=env('SEED_TEST_USERS', 10), key='id', columns={'id': uuid()})\n")
    assert len(load_declarations(path).tables[0]) == 20
    assert len(load_declarations(path, {"SEED_TEST_USERS": "30"}).tables[0]) == 30
    monkeypatch.delenv("SEED_TEST_USERS")
    assert len(load_declarations(path, {}).tables[0]) == 10


def test_a_function_may_use_what_stands_below_its_table(file):
    path = file(
        "columns = {'id': sequence(), 'x': computed(lambda row: twice(row['id']))}\n"
        "users = table('users', rows=3, key='id', columns=columns)\n"
        "def twice(number):\n    return number * 2\n"
    )
    assert load_declarations(path).tables[0].column("x").values(range(3)) == [2, 4, 6]


WRONG = [
    ("x = 1\n", None, 'expected at least one table, found none; declare it: table("users"'),
    ("users = [\n", 3, "expected Python, found a syntax error"),
    ("\nimport surgeline_nothing\n", 4, "the script raised ModuleNotFoundError"),
    (USERS + "1 / 0\n", 4, "the script raised ZeroDivisionError"),
    (USERS + "\ntable('a', rows=0, key='id', columns={'id': uuid()})\n", 5, "table 'a': expected rows from 1 to"),
    (USERS + "raise SystemExit(3)\n", 4, "the script raised SystemExit: 3"),
    (USERS + USERS, 4, "expected each table once, found 'users' also at {path}:3"),
    (USERS + "written('users')\n", 4, "expected each table once, found 'users' also at {path}:3"),
    ("rows = env('SEED_TEST_ROWS')\n", 3, "env: expected a value for SEED_TEST_ROWS, found none"),
    (
        "table('a', rows=9, key='id', columns={\n 'id': uuid(),\n 'x': computed(lambda row: row['y']),\n"
        " 'y': computed(lambda row: row['x'])})\n",
        3,
        "a.x: expected no column computed from itself, found x <- y <- x",
    ),
    (
        "table('a', rows=9, key='id', columns={'id': uuid(), 'x': computed(lambda row: nobody)})\n",
        3,
        "a.x: the function of computed(...) raised NameError: name 'nobody' is not defined, for row 0 ({path}:3)",
    ),
    (
        "table('a', rows=9, key='id', columns={'id': uuid(), 'x': computed(eval('lambda row: 1'))})\n",
        3,
        "computed: expected a function in a file",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_what_is_wrong_is_told_with_its_place(file, text, line, message):
    path = file(text)
    with pytest.raises(ScriptError) as caught:
        load_declarations(path)
    where = f"{path}:{line}: " if line else f"{path}: "
    assert str(caught.value).startswith(where + message.format(path=path))
    assert not re.search(r"Traceback", str(caught.value))


def test_an_error_in_a_module_beside_the_file_names_that_module(file):
    file("table('a', rows=0, key='id', columns={'id': uuid()})\n", "shared.py")
    path = file("from shared import *\n")
    with pytest.raises(ScriptError, match=rf"^{path}:3: table 'a': expected rows .* \(.*shared.py:3\)$"):
        load_declarations(path)


@pytest.mark.parametrize(("name", "found"), [("nothing.py", "nothing"), (".", "a folder")])
def test_a_file_that_is_none_is_refused(tmp_path, name, found):
    with pytest.raises(ScriptError, match=f"expected a Python script, found {found} there"):
        load_declarations(tmp_path / name)


def test_nothing_is_collected_after_a_file_that_failed(file):
    with pytest.raises(ScriptError):
        load_declarations(file(USERS + "1 / 0\n"))
    assert names(file("table('a', rows=1, key='id', columns={'id': sequence()})\n")) == ["a"]
