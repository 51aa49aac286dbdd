"""What a script's plan knows of its pools, where their files are found, and what importing costs."""

import subprocess
import sys

import pytest

from surgeline import pool
from surgeline.data.sources import FileSource, IdsSource, RowsSource
from surgeline.errors import ScriptError
from surgeline.script.load import load_script

SCENARIO = """
from surgeline import constant_vus, pool, scenario

@scenario(constant_vus(vus=1, duration="1s"))
async def any_scenario(vu):
    pass

"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "users.csv").write_text("id,name\n1,ada\n")
    (tmp_path / "shop.json").write_text('{"skus": ["A-1", "B-2"]}')

    def write(text):
        path = tmp_path / "script.py"
        path.write_text(SCENARIO + text)
        return path

    return write


def test_a_plan_has_the_pools_of_its_script(script, tmp_path):
    plan = load_script(
        script(
            'ids = pool.ids("user_{}", first=5, count=3)\n'
            "rows = pool.rows([1, 2])\n"
            'users = pool.csv("data/users.csv")\n'
            'skus = pool.json("shop.json", at="skus")\n'
        )
    )
    assert [one.source for one in plan.pools] == [
        IdsSource("user_{}", 5, 3),
        RowsSource(),
        FileSource(tmp_path / "data" / "users.csv"),
        FileSource(tmp_path / "shop.json"),
    ]
    assert [len(one) for one in plan.pools] == [3, 2, 1, 2]
    assert plan.pools[2].values[0] == {"id": "1", "name": "ada"}


def test_a_pool_that_is_made_elsewhere_is_of_no_plan(script):
    pool.rows([1])
    assert load_script(script("")).pools == ()


def test_outside_of_a_script_files_are_found_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users.csv").write_text("id\n1\n")
    assert list(pool.csv("users.csv")) == [{"id": "1"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('pool.csv("users.csv")', "users.csv: expected a file, found nothing there"),
        ('pool.csv("data")', "data: expected a file, found a folder there"),
        ('pool.json("shop.json", at="users")', "shop.json:1: expected an array at 'users', found an object without it"),
        ('pool.jsn("shop.json")', "pool has no 'jsn'; did you mean \"json\"?"),
    ],
)
def test_what_is_wrong_is_said_with_the_line_of_the_script(script, text, message):
    path = script(text)
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    assert str(caught.value).startswith(f"{path}:{len(SCENARIO.splitlines()) + 1}: ")
    assert str(caught.value).endswith(message)


def test_what_makes_pools_is_imported_when_it_is_used():
    code = (
        "import sys, surgeline\n"
        "late = {'csv', 'msgspec', 'surgeline.data.drawing', 'surgeline.data.csv_file', 'surgeline.data.json_file'}\n"
        "print(sorted(late & set(sys.modules)))\n"
        "surgeline.pool.ids('{}', count=1)\n"
        "print(sorted(late & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n['surgeline.data.drawing']\n"


def test_the_class_of_pools_is_there_for_annotations():
    assert isinstance(pool.rows([1]), pool.Pool)
