"""Loading a script: a plan, or one message that says where what is wrong."""

import dataclasses
import os
import sys
from pathlib import Path

import pytest

from surgeline.engine.executors import ConstantArrivalRate, ConstantVUs, SharedIterations
from surgeline.errors import OptionError, ScriptError, ThresholdError
from surgeline.script.load import load_script
from surgeline.script.plan import Overrides, apply_overrides

GOOD = "@scenario(constant_vus(duration=1))\nasync def s(vu): pass\n"
SECOND = 1_000_000_000


@pytest.fixture
def load(tmp_path):
    def write_and_load(text, **environment):
        path = tmp_path / "script.py"
        path.write_text("from surgeline import *\n" + text)
        return load_script(path, environment)

    return write_and_load


def test_a_whole_script(load, tmp_path):
    plan = load("""
thresholds({"http_req_failed": "rate<0.01"})
thresholds({"http_req_duration{name:login}": ["p(95)<500", "max<1000"], "http_req_failed": ["rate<0.05"]})

@setup
async def prepare(): return 1

@teardown
def tidy(vu): pass

@scenario(constant_vus(vus=2, duration="1m30s"), name="first-one", start_time="5s", graceful_stop=0, tags={"a": 1},
          base_url="http://127.0.0.1:1/api")
async def first(vu): pass

@scenario(shared_iterations(iterations=5))
async def second(vu, extra=None): pass

@scenario(constant_arrival_rate(rate=5, duration=10, time_unit="1m", pre_allocated_vus=2, max_vus=4))
async def third(vu): pass
""")
    first, second, third = plan.scenarios
    assert (first.name, first.start_ns, first.graceful_stop_ns) == ("first-one", 5 * SECOND, 0)
    assert (first.tags, first.base_url) == ({"a": "1"}, "http://127.0.0.1:1/api")
    assert first.executor == ConstantVUs(2, 90 * SECOND)
    assert second.executor == SharedIterations(1, 5, 600 * SECOND)
    assert second.graceful_stop_ns == 30 * SECOND
    assert third.executor == ConstantArrivalRate(5, 60 * SECOND, 10 * SECOND, 2, 4)
    assert [one.condition.source for one in plan.thresholds] == ["rate<0.01", "rate<0.05", "p(95)<500", "max<1000"]
    assert plan.setup.__name__ == "prepare"
    assert plan.teardown.__name__ == "tidy"
    assert plan.title == str(tmp_path / "script.py")
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.title = "other"


# (script, line of the file or None, what the message holds); the first line of the file is the import.
UNTELLABLE = """
class Untellable(Exception):
    def __str__(self):
        raise ValueError
raise Untellable
"""
WRONG = {
    "an exception that cannot be told": (UNTELLABLE, 6, "the script raised Untellable"),
    "syntax": ("x = (\n", 2, "syntax error"),
    "indentation": ("def f():\npass\n", 3, "syntax error"),
    "nothing": ("", None, "expected at least one scenario, found none"),
    "not async": ("@scenario(constant_vus(duration=1))\ndef s(vu): pass\n", 2, "found a function that is not async"),
    "no parameter": ("@scenario(constant_vus(duration=1))\nasync def s(): pass\n", 2, "with one parameter"),
    "two parameters": ("@scenario(constant_vus(duration=1))\nasync def s(vu, x): pass\n", 2, "with one parameter"),
    "a class": ("@scenario(constant_vus(duration=1))\nclass S: pass\n", 2, "not async"),
    "no brackets": ("@scenario\nasync def s(vu): pass\n", 2, "write @scenario(constant_vus("),
    "no executor": ("@scenario('constant_vus')\nasync def s(vu): pass\n", 2, "expected an executor"),
    "second name": (GOOD + GOOD, 4, "a second 's'"),
    "bad name": ("@scenario(constant_vus(duration=1), name='a b')\nasync def s(vu): pass\n", 2, "'a b'"),
    "keyword": (
        "@scenario(constant_vus(vuss=1, duration=1))\nasync def s(vu): pass\n",
        2,
        "constant_vus: expected vus, duration; found 'vuss'; did you mean \"vus\"?",
    ),
    "missing option": ("@scenario(constant_vus(vus=1))\nasync def s(vu): pass\n", 2, "duration"),
    "no vus": ("\n\nconstant_vus(vus=0, duration=1)\n", 4, "vus: expected a whole number from 1"),
    "float vus": ("constant_vus(vus=1.5, duration=1)\n", 2, "found 1.5"),
    "true vus": ("constant_vus(vus=True, duration=1)\n", 2, "found True"),
    "duration": ("constant_vus(duration='soon')\n", 2, "duration: expected a duration"),
    "no duration": ("constant_vus(duration=0)\n", 2, "above 0"),
    "type of duration": ("constant_vus(duration=None)\n", 2, "duration: expected a duration"),
    "start time": (
        "@scenario(constant_vus(duration=1), start_time=None)\nasync def s(vu): pass\n",
        2,
        "start_time: exp",
    ),
    "graceful stop": (
        "@scenario(constant_vus(duration=1), graceful_stop=-1)\nasync def s(vu): pass\n",
        2,
        "graceful_stop",
    ),
    "fewer iterations": ("shared_iterations(vus=3, iterations=2)\n", 2, "at least as many as there are vus"),
    "rate": ("constant_arrival_rate(rate=0.5, duration=1)\n", 2, "rate: expected a whole number"),
    "max vus": ("constant_arrival_rate(rate=1, duration=1, pre_allocated_vus=5, max_vus=2)\n", 2, "max_vus"),
    "base url": (
        "@scenario(constant_vus(duration=1), base_url='localhost:80')\nasync def s(vu): pass\n",
        2,
        "base_url: expected an absolute URL such as http://localhost:8080, found 'localhost:80'",
    ),
    "reserved tag": (
        "@scenario(constant_vus(duration=1), tags={'group': 'a'})\nasync def s(vu): pass\n",
        2,
        "tags: expected a tag of your own, found 'group'",
    ),
    "reserved tag in options": (
        "options(tags={'url': 'a'})\n",
        2,
        "options: tags: expected a tag of your own, found 'url'",
    ),
    "tags": ("@scenario(constant_vus(duration=1), tags=['a'])\nasync def s(vu): pass\n", 2, "tags: "),
    "unknown metric": (GOOD + "thresholds({'no_such': 'p(95)<1'})\n", 4, "no_such"),
    "aggregation": (GOOD + "thresholds({'http_reqs': 'p(95)<1'})\n", 4, "p(95)"),
    "condition": (GOOD + "thresholds({'http_reqs': 'lots'})\n", 4, "lots"),
    "conditions": (GOOD + "thresholds({'http_reqs': 5})\n", 4, "expected a list of texts"),
    "thresholds": (GOOD + "thresholds(['http_reqs'])\n", 4, "expected a mapping"),
    "raises": ("def f():\n    raise KeyError('x')\nf()\n", 3, "the script raised KeyError: 'x'"),
    "import": ("import no_such_module\n", 2, "ModuleNotFoundError"),
    "exit": ("import sys\nsys.exit(0)\n", 3, "the script raised SystemExit: 0"),
    "quit": ("raise SystemExit\n", 2, "the script raised SystemExit"),
    "cancelled": ("import asyncio\nraise asyncio.CancelledError\n", 3, "CancelledError"),
    "two set-ups": ("@setup\ndef a(): pass\n@setup\ndef b(): pass\n", 4, "expected one function, found a second: b"),
    "set-up brackets": ("setup(5)\n", 2, "expected a function"),
    "set-up parameters": ("@setup\ndef a(x, y): pass\n", 2, "no parameter or of one"),
    "env missing": ("env('NO_SUCH_VALUE')\n", 2, "give -e NO_SUCH_VALUE=VALUE"),
    "pool": ("pool.rows([])\n", 2, "expected at least one value"),
    "null byte": ("x = '\0'\n", None, "null bytes"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_script_is_one_message_with_its_place(load, tmp_path, wrong):
    text, line, message = WRONG[wrong]
    with pytest.raises(ScriptError) as caught:
        load(text)
    place = f"{tmp_path / 'script.py'}:" + (f"{line}:" if line else "")
    assert str(caught.value).startswith(place), caught.value
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.line == line


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(ScriptError, match=r"missing\.py: expected a Python script, found nothing there"):
        load_script(tmp_path / "missing.py")
    with pytest.raises(ScriptError, match="found a folder there"):
        load_script(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(ScriptError, match="found something else there"):
        load_script(tmp_path / "pipe.py")


@pytest.mark.parametrize("place", ["loop.py", "n" * 5_000])
def test_a_path_that_leads_nowhere(tmp_path, place):
    (tmp_path / "loop.py").symlink_to("loop.py")
    with pytest.raises(ScriptError, match="expected a Python script"):
        load_script(tmp_path / place)


def test_a_file_that_cannot_be_read_is_not_said_to_have_raised(tmp_path, monkeypatch):
    def unreadable(path):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "script.py").touch()
    monkeypatch.setattr(Path, "read_bytes", unreadable)
    with pytest.raises(ScriptError, match="expected a Python script that can be read: Permission denied"):
        load_script(tmp_path / "script.py")


def test_a_syntax_error_in_a_helper_is_placed_there(load, tmp_path):
    (tmp_path / "broken_helper.py").write_text("x = (\n")
    with pytest.raises(ScriptError, match=r"broken_helper\.py:1: expected Python"):
        load("import broken_helper\n")


@pytest.mark.parametrize(
    ("helper", "message"),
    [
        ("def f():\n    return 1 / 0\nf()\n", "the script raised ZeroDivisionError: division by zero (helper_x.py:2)"),
        ("import json\njson.loads('{')\n", "(helper_x.py:2)"),
        ("import surgeline\n\nsurgeline.constant_vus(duration=0)\n", "above 0, found 0 (helper_x.py:3)"),
        ("import no_such_module\n", "No module named 'no_such_module' (helper_x.py:1)"),
    ],
)
def test_an_error_in_a_helper_has_both_places(tmp_path, monkeypatch, helper, message):
    monkeypatch.chdir(tmp_path)
    Path("helper_x.py").write_text(helper)
    Path("script.py").write_text("from surgeline import *\nimport helper_x\n")
    with pytest.raises(ScriptError) as caught:
        load_script(Path("script.py"))
    assert str(caught.value).startswith("script.py:2: ")
    assert str(caught.value).endswith(message)


def test_loaded_twice_gives_a_fresh_state(load, tmp_path):
    (tmp_path / "shared_helper.py").write_text("from surgeline import *\nseen = []\n" + GOOD)
    text = "import shared_helper\nshared_helper.seen.append(1)\nassert shared_helper.seen == [1]\n"
    first, second = load(text), load(text)
    assert [one.name for one in first.scenarios] == [one.name for one in second.scenarios] == ["s"]
    assert first.scenarios[0].function is not second.scenarios[0].function


def test_a_helper_of_the_same_name_beside_another_script(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same_name.py").write_text(f"name = {folder!r}\n")
        (tmp_path / folder / "script.py").write_text(
            "from surgeline import *\nimport same_name\n"
            "@scenario(constant_vus(duration=1), name=same_name.name)\nasync def s(vu): pass\n"
        )
    names = [load_script(tmp_path / folder / "script.py").scenarios[0].name for folder in ("one", "two")]
    assert names == ["one", "two"]


def test_a_helper_can_be_imported_while_the_load_runs(load, tmp_path):
    (tmp_path / "late_helper.py").write_text("value = 5\n")
    plan = load(
        "@scenario(constant_vus(duration=1))\nasync def s(vu):\n    import late_helper\n    return late_helper.value\n"
    )
    with pytest.raises(StopIteration) as ended:
        plan.scenarios[0].function(None).send(None)
    assert ended.value.value == 5


def test_what_is_installed_stays_loaded(load):
    import decimal

    load("import decimal\n" + GOOD)
    load("import decimal\n" + GOOD)
    assert sys.modules["decimal"] is decimal


def test_a_failed_load_leaves_no_collection_open(load):
    with pytest.raises(ScriptError):
        load("1 / 0")
    from surgeline import scenario
    from surgeline.script.declare import collecting

    assert collecting.get() is None

    @scenario(ConstantVUs(1, SECOND))
    async def not_collected(vu):
        pass

    assert [one.name for one in load(GOOD).scenarios] == ["s"]


def test_dataclasses_and_name_of_the_script(load):
    plan = load(
        "import dataclasses\n@dataclasses.dataclass\nclass Row:\n    x: int\nassert __name__ != '__main__'\n" + GOOD
    )
    assert len(plan.scenarios) == 1


# env


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        ("'x'", "5", "5"),
        ("1", "5", 5),
        ("1", "-5", -5),
        ("1.5", "2", 2.0),
        ("1.5", "1e3", 1000.0),
        ("True", "no", False),
        ("False", "TRUE", True),
        ("False", "1", True),
        ("True", "", False),
        ("None", "text", "text"),
        ("'x'", "", ""),
    ],
)
def test_env_is_of_the_type_of_its_default(load, default, text, value):
    plan = load(f"value = env('VALUE', {default})\n@setup\ndef get(): return value\n" + GOOD, VALUE=text)
    assert plan.setup() == value
    assert type(plan.setup()) is type(value)


@pytest.mark.parametrize(
    ("default", "text", "message"),
    [
        ("1", "many", "a whole number"),
        ("1", "1.5", "a whole number"),
        ("1", "", "a whole number"),
        ("1.5", "much", "a number"),
        ("1.5", "nan", "a number"),
        ("1.5", "inf", "a number"),
        ("True", "maybe", "true or false"),
    ],
)
def test_env_of_another_type_is_refused(load, default, text, message):
    with pytest.raises(ScriptError, match=rf"script\.py:2: env: expected {message} for VALUE.*found '{text}'"):
        load(f"env('VALUE', {default})\n" + GOOD, VALUE=text)


def test_env_is_taken_from_the_process_and_overlaid(load, monkeypatch):
    monkeypatch.setenv("SOME_VALUE", "process")
    text = "value = env('SOME_VALUE', 'default')\n@setup\ndef get(): return value\n" + GOOD
    assert load(text).setup() == "process"
    assert load(text, SOME_VALUE="given").setup() == "given"
    monkeypatch.delenv("SOME_VALUE")
    assert load(text).setup() == "default"


# Overrides


@pytest.fixture
def plan(load):
    return load("""
thresholds({"http_reqs": "count>1"})
@scenario(constant_vus(vus=2, duration=60), base_url="http://one/")
async def users(vu): pass
@scenario(shared_iterations(vus=2, iterations=10))
async def shared(vu): pass
@scenario(constant_arrival_rate(rate=5, duration=60, time_unit="1m", max_vus=7))
async def rate(vu): pass
""")


def executors(plan, *names, **options):
    return [one.executor for one in apply_overrides(plan, Overrides(scenarios=names, **options)).scenarios]


def test_no_overrides_leave_the_plan(plan):
    assert apply_overrides(plan, Overrides()) == plan


def test_overrides(plan):
    users, shared, rate = ("users",), ("shared",), ("rate",)
    assert executors(plan, *users, vus=9) == [ConstantVUs(9, 60 * SECOND)]
    assert executors(plan, *shared, vus=9) == [SharedIterations(9, 10, 600 * SECOND)]
    assert executors(plan, *users, duration_ns=5) == [ConstantVUs(2, 5)]
    assert executors(plan, *shared, duration_ns=5) == [SharedIterations(2, 10, 5)]
    assert executors(plan, *rate, duration_ns=5) == [ConstantArrivalRate(5, 60 * SECOND, 5, 0, 7)]
    assert executors(plan, vus=9, duration_ns=5) == [ConstantVUs(9, 5)] * 3
    assert executors(plan, *users, iterations=1) == [SharedIterations(1, 1, 600 * SECOND)]
    assert executors(plan, *users, iterations=50, vus=5, duration_ns=9) == [SharedIterations(5, 50, 9)]
    assert executors(plan, *users, rate=9) == [ConstantArrivalRate(9, SECOND, 60 * SECOND, 0, 10_000)]
    assert executors(plan, *rate, rate=9, vus=3, duration_ns=5) == [ConstantArrivalRate(9, SECOND, 5, 0, 3)]
    assert executors(plan, *shared, rate=9) == [ConstantArrivalRate(9, SECOND, 10 * SECOND, 0, 10_000)]


def test_other_overrides(plan):
    changed = apply_overrides(
        plan, Overrides(scenarios=("rate", "users"), base_url="http://two/", tags={"a": "b"}, no_thresholds=True)
    )
    assert [one.name for one in changed.scenarios] == ["users", "rate"]
    assert {one.base_url for one in changed.scenarios} == {"http://two/"}
    assert changed.tags == {"a": "b"}
    assert changed.thresholds == ()


@pytest.mark.parametrize(
    ("condition", "options"),
    [
        ({"iterations": "rate>0.9 of target"}, {"vus": 2, "duration_ns": SECOND}),
        ({"http_reqs": "count>1 after 5s"}, {"duration_ns": 3 * SECOND}),
    ],
)
def test_a_threshold_that_overrides_make_hopeless(load, condition, options):
    plan = load(
        f"thresholds({condition})\n@scenario(constant_arrival_rate(rate=5, duration=60))\nasync def s(vu): pass\n"
    )
    with pytest.raises(ThresholdError, match=r"; --no-thresholds runs without judging$"):
        apply_overrides(plan, Overrides(**options))
    assert apply_overrides(plan, Overrides(**options, no_thresholds=True)).thresholds == ()


def test_a_threshold_that_is_hopeless_by_itself(load):
    plan = load("thresholds({'http_reqs': 'count>1 after 5s'})\n" + GOOD)
    with pytest.raises(ThresholdError, match=r"found 5s$"):
        apply_overrides(plan, Overrides())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scenarios": ("other",)}, "expected one of users, shared, rate, found 'other'"),
        ({"rate": 1, "iterations": 1}, "expected one of them, found both"),
        ({"vus": 3}, "expected --duration beside --vus"),
    ],
)
def test_overrides_that_do_not_fit(plan, options, message):
    with pytest.raises(OptionError, match=message):
        apply_overrides(plan, Overrides(**options))
