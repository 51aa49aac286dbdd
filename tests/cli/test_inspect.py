"""What `surgeline inspect` shows, for each executor, as text and as JSON, and that it does nothing else.

A golden text that changed on purpose is written anew by deleting its file and running this test twice.
"""

import json
from pathlib import Path

import pytest
from cli_support import surgeline
from hypothesis import given
from hypothesis import strategies as st

from surgeline.cli.prepare import prepare
from surgeline.engine.executors import RampingArrivalRate, RampingVUs
from surgeline.engine.scenario import Scenario
from surgeline.report.plan import render_plan, total_of
from surgeline.schedule.stages import Stage
from surgeline.script import plan as plans
from surgeline.script.inspection import inspect_plan
from surgeline.script.options import RunSettings

GOLDEN = Path(__file__).parent / "golden"
START = "from surgeline import *\n"

SCRIPTS = {
    "constant_vus": "@scenario(constant_vus(vus=20, duration='1m'), tags={'team': 'red'}, start_time='10s')\n",
    "ramping_vus": "@scenario(ramping_vus(start_vus=0, stages=[('30s', 100), ('1m', 100), (0, 10), ('30s', 0)]))\n",
    "shared_iterations": "@scenario(shared_iterations(vus=5, iterations=1000), graceful_stop='5s')\n",
    "per_vu_iterations": "@scenario(per_vu_iterations(vus=5, iterations=3, max_duration='2m'), base_url='http://a/')\n",
    "constant_arrival_rate": "@scenario(constant_arrival_rate(rate=7, time_unit='1m', duration='10m', max_vus=50))\n",
    "ramping_arrival_rate": "@scenario(ramping_arrival_rate(start_rate=10, stages=[('1m', 100), ('30s', 0)]))\n",
    "poisson": "@scenario(constant_arrival_rate(rate=100, duration='30s', arrivals='poisson'))\n",
    "externally_controlled": "@scenario(externally_controlled(vus=5, max_vus=10))\n",
}
FUNCTION = "async def one(vu): pass\n"
WHOLE = """
options(seed=5, tags={"team": "red"}, base_url="http://user:password@127.0.0.1:8080")
rate = env("RATE", 100)
env("API_TOKEN", "abcdef")
env("DATABASE", "postgresql://me:secret@localhost/x")
Trend("basket", unit="B")
Counter("orders", unit="items")
shipped = Flow("shipped", timeout="1m30s")
Flow("told", timeout=2)
thresholds({
    "http_req_duration{name:order}": [
        "p(95)<500 over 30s after 10s",
        {"threshold": "p(99.9)<1500.5", "abort_on_fail": True, "delay_abort_eval": "1m"},
    ],
    "iterations{scenario:order}": "rate>=0.99 of target",
    "http_req_failed": "rate<0.001",
    "data_received": "rate>1000",
    "orders": "count>5",
})

@shipped.watch(every="100ms")
async def look(vu, waiting): raise RuntimeError("must not be called")

@setup
def prepare(): raise RuntimeError("must not be called")

@teardown
def tidy(): raise RuntimeError("must not be called")

@summary
def tell(results): raise RuntimeError("must not be called")

@vu_start
def begin(vu): raise RuntimeError("must not be called")

@scenario(ramping_vus(stages=[("1m", 50), ("1m", 0)]), env={"PAGE": "1", "PASSWORD": "x"}, pacing="2s")
async def visit(vu): raise RuntimeError("must not be called")

@scenario(constant_arrival_rate(rate=rate, duration="1m30s"), start_time="30s", base_url="http://other/")
async def order(vu): raise RuntimeError("must not be called")
"""


@pytest.fixture
def inspection(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def load(text, **flags):
        Path("script.py").write_text(START + text)
        prepared = prepare(Path("script.py"), flags)
        return inspect_plan(prepared.declared, prepared.plan, prepared.settings)

    return load


def check_golden(name, inspection):
    text = render_plan(inspection, 80)
    golden = GOLDEN / f"inspect_{name}.txt"
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
        pytest.fail(f"{golden} was not there: it is written, read it")
    assert text == golden.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_golden(inspection, name):
    check_golden(name, inspection(SCRIPTS[name] + FUNCTION))


def test_golden_of_everything(inspection, monkeypatch):
    monkeypatch.setenv("SURGELINE_TAGS", "build=7")
    Path("surgeline.toml").write_text('workers = 2\n[env]\nRATE = 40\n[tags]\nteam = "blue"\nstage = "test"\n')
    flags = {"env": ("RTAE=5",), "out": ("json=a.json", "prometheus=http://me:pw@host/w"), "no_run_file": True}
    check_golden("everything", inspection(WHOLE, **flags))


def test_golden_with_overrides(inspection, monkeypatch):
    monkeypatch.setenv("SURGELINE_BASE_URL", "http://environment/")
    monkeypatch.setenv("SURGELINE_ITERATIONS", "500")
    Path("surgeline.toml").write_text('rate = 7\nduration = "1s"\n')
    flags = {"vus": "3", "duration": "20s", "scenario": ("order", "visit"), "no_thresholds": True}
    check_golden("overrides", inspection(WHOLE, **flags))


def test_what_is_controlled_begins_with_a_rate(inspection):
    plan = inspection("@scenario(externally_controlled(rate=20))\n" + FUNCTION)
    text = render_plan(plan, 80)
    assert "begins with 20/s\n" in text
    assert "max_vus 10,000  (default)" in text
    assert plan.scenarios[0].begins_with == {"rate": 20}


# The figures


def test_totals_are_exact(inspection):
    text = "".join(
        f"@scenario({executor}, start_time={start}, graceful_stop=10)\nasync def s{number}(vu): pass\n"
        for number, (executor, start) in enumerate(
            [
                ("constant_vus(vus=10, duration=60)", 0),
                ("constant_vus(vus=20, duration=60)", 71),  # when the graceful stop before it is over
                ("ramping_vus(start_vus=0, stages=[(60, 60), (60, 0)])", 0),
                ("per_vu_iterations(vus=3, iterations=7, max_duration=5)", 200),
                ("shared_iterations(vus=3, iterations=70, max_duration=5)", 200),
                ("constant_arrival_rate(rate=3, time_unit=7, duration=70, max_vus=4)", 200),
            ]
        )
    )
    plan = inspection(text)
    assert [one.planned_iterations for one in plan.scenarios] == [None, None, None, 21, 70, 30]
    assert plan.totals.planned_iterations is None
    assert plan.totals.max_vus == 60 + 10  # at 60 s; at 71 s it is 49 + 20
    assert (plan.totals.end_s, plan.totals.latest_s) == (270, 280)
    assert inspection(text, scenario=("s3", "s4", "s5")).totals.planned_iterations == 121


def test_a_seed_makes_a_poisson_process_known(inspection):
    text = SCRIPTS["poisson"] + FUNCTION
    assert inspection(text).scenarios[0].planned_iterations is None
    drawn = inspection(text, seed="5").scenarios[0].planned_iterations
    assert 2500 < drawn < 3500
    assert inspection(text, seed="5").scenarios[0].planned_iterations == drawn


def test_the_sum_of_lines():
    assert total_of([[(0, 1), (10, 1)], [(5, 0), (10, 10)]]) == [
        (0, 0), (0, 1), (5, 1), (5, 1), (10, 11), (10, 0),
    ]  # fmt: skip
    assert max(value for _, value in total_of([[(0, 5), (10, 5)], [(10, 7), (20, 7)]])) == 7
    assert total_of([[(0, 0), (0, 5), (1, 5)]]) == [(0, 0), (0, 5), (1, 5), (1, 0)]


_STAGES = st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**6)), min_size=1, max_size=6)


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**6), _STAGES), min_size=1, max_size=4))
def test_any_load_can_be_drawn(shapes):
    scenarios = []
    for number, (start_ns, first, pairs) in enumerate(shapes):
        stages = tuple(Stage(*pair) for pair in pairs)
        ramp = RampingArrivalRate(first, 10**9, stages, 0, 5) if number % 2 else RampingVUs(first, stages, 0)
        scenarios.append(Scenario(f"scenario-{number}", nothing, ramp, start_ns, 0))
    plan = plans.TestPlan("any", tuple(scenarios))
    drawn = inspect_plan(plan, plan, RunSettings())
    text = render_plan(drawn, 80)
    assert max(map(len, text.splitlines())) <= 80
    users = [one.executor.schedule for one in scenarios[::2]]
    assert drawn.totals.max_vus <= sum(one.most for one in users) + 5 * len(scenarios[1::2])
    if all(duration for _, _, pairs in shapes for duration, _ in pairs):  # else a number may be there for no time
        assert drawn.totals.max_vus >= max(one.most for one in users)


async def nothing(vu):
    pass


# The command


def shape(value):
    """The keys and types of JSON data; a list by its first item."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


SOURCED = {"value": "str", "source": "str"}
SCENARIO_SHAPE = {
    "name": "str",
    "executor": "str",
    "description": "str",
    "start_s": "float",
    "end_s": "float",
    "end_is_planned": "bool",
    "latest_s": "float",
    "graceful_stop_s": "float",
    "pacing_s": "float",
    "planned_iterations": "NoneType",
    "max_vus": "int",
    "vus_over_time": [["float"]],
    "rate_over_time": "NoneType",
    "begins_with": "NoneType",
    "base_url": SOURCED,
    "tags": {},
    "env": {"PAGE": "str", "PASSWORD": "str"},
    "hooks": ["str"],
}


def test_json_has_a_stable_shape(script, server, tmp_path):
    path = script(WHOLE)
    ended = surgeline("inspect", path, "--json", "-o", "json=a.json", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    plan = json.loads(ended.out)
    scenario = plan["scenarios"][0]
    assert scenario.pop("options")["start_vus"] == {"value": 1, "source": "default"}
    assert shape(scenario) == SCENARIO_SHAPE
    options = plan.pop("options")
    assert options["seed"] == {"value": 5, "source": f"{path}:4"}
    assert options["setup_timeout"] == {"value": "1m", "source": "default"}
    assert shape({key: one for key, one in plan.items() if key != "scenarios"}) == {
        "script": "str",
        "totals": {"planned_iterations": "NoneType", "max_vus": "int", "end_s": "float", "latest_s": "float"},
        "thresholds": [
            {
                "metric": "str",
                "tags": {"name": "str"},
                "aggregation": "str",
                "operator": "str",
                "bound": "float",
                "unit": "str",
                "of_target": "bool",
                "over_s": "int",
                "after_s": "int",
                "abort_on_fail": "bool",
                "delay_abort_s": "float",
                "source": "str",
            }
        ],
        "metrics": [{"name": "str", "type": "str", "contains": "str", "unit": "str"}],
        "flows": [{"name": "str", "timeout_s": "float", "every_s": "float"}],
        "tags": {"team": SOURCED},
        "setup": "bool",
        "teardown": "bool",
        "summary": "bool",
        "env": [{"name": "str", "default": "int", "value": "int", "source": "str"}],
        "unread_env": [],
        "http": {},
        "outputs": ["str"],
    }
    assert plan["totals"]["max_vus"] > 50
    assert not (tmp_path / "a.json").exists()
    assert "abcdef" not in ended.out
    assert "password@" not in ended.out


def test_nothing_is_sent_and_what_the_script_prints_is_no_result(script, server, tmp_path):
    before = server.requests
    text = "print('loading')\n@setup\nasync def go(vu):\n    await vu.http.get('/')\n"
    path = script(text + f"@scenario(constant_vus(duration=1), base_url='{server.url}')\nasync def s(vu): pass\n")
    ended = surgeline("inspect", path, cwd=tmp_path)
    assert ended.code == 0
    assert ended.err == "loading\n"
    assert "loading" not in ended.out
    assert server.requests == before
    assert [one.name for one in tmp_path.iterdir()] == ["script.py"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--vus", "0"], "--vus: expected"),
        (["--scenario", "other"], "--scenario: expected one of s"),
        (["--out", "nosuch=x"], "--out nosuch=x: expected one of"),
        (["--no-such"], "--no-such"),
    ],
)
def test_what_run_refuses_is_refused(script, tmp_path, options, message):
    path = script("@scenario(constant_vus(duration=1))\nasync def s(vu): pass\n")
    ended = surgeline("inspect", path, *options, cwd=tmp_path)
    assert (ended.code, ended.out) == (104, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
