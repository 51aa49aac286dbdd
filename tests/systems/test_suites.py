"""How the suites of a system are run: in which order, with which options, and what the exit code is."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from surgeline_systems.stands import Stand
from surgeline_systems.suites import run_once, run_suites, worst
from surgeline_systems.system import Bench, Suite, System

URL = "http://127.0.0.1:3000"
ONE, TWO = (Suite(name=name, about="", script=f"{name}.py") for name in ("benchmark", "constant_rate"))


def system_of(*suites: Suite) -> System:
    return System(name="coupons", about="", suites=suites, demo={})


class Script:
    """Stands for the load generator; remembers what it was told, and ends as it is told."""

    def __init__(self, *codes: int) -> None:
        self.told: list[tuple[str, str, dict[str, object]]] = []
        self._codes = list(codes)

    def __call__(self, script: Path, title: str, options: Mapping[str, object]) -> int:
        assert script.is_file()
        self.told.append((script.name, title, dict(options)))
        return self._codes.pop(0)


def test_suites_are_run_in_order_each_from_the_same_data():
    events: list[str] = []
    stand = Stand(base_url=URL, put_back=lambda: events.append("put back"), sizes={"USERS": "300"})
    script = Script(99, 0)
    planned = [(ONE, {}, {"quiet": True}), (TWO, {"TARGET_RPS": "5", "USERS": "7"}, {})]
    assert run_suites(system_of(ONE, TWO), planned, stand, script) == {"benchmark": 99, "constant_rate": 0}
    assert events == ["put back", "put back"]
    assert script.told == [
        ("benchmark.py", "coupons: benchmark", {"base_url": URL, "env": ("USERS=300",), "quiet": True}),
        ("constant_rate.py", "coupons: constant_rate", {"base_url": URL, "env": ("USERS=7", "TARGET_RPS=5")}),
    ]


def test_scripts_find_the_servers_in_the_environment_where_nothing_stores_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://a.server/")
    monkeypatch.delenv("REDIS_URL", raising=False)
    names = ("BASE_URL", "DATABASE_URL", "REDIS_URL")
    before = [os.environ.get(name) for name in names]
    found: list[str | None] = []

    def script(_script: Path, _title: str, options: Mapping[str, object]) -> int:
        found.extend(os.environ.get(name) for name in names)
        assert "secret" not in str(options)
        return 0

    urls = {"DATABASE_URL": "postgresql://ann:secret@here/db", "REDIS_URL": "redis://:secret@here/0"}
    run_suites(system_of(ONE), [(ONE, {}, {})], Stand(base_url=URL, urls=urls), script)
    assert found == [URL, *urls.values()]
    assert [os.environ.get(name) for name in names] == before


def test_after_a_signal_no_further_suite_is_run():
    planned = [(ONE, {}, {}), (TWO, {}, {})]
    assert run_suites(system_of(ONE, TWO), planned, Stand(base_url=URL), Script(105)) == {"benchmark": 105}


def test_a_scenario_is_chosen_unless_another_is_given():
    suite = Suite(name="spike", about="", script="benchmark.py", scenario="spike")
    script = Script(0, 0)
    for given in ({}, {"scenario": ("other",)}):
        run_once(system_of(suite), suite, Bench(base_url=URL, run_script=script, options=given))
    assert [options["scenario"] for *_, options in script.told] == [("spike",), ("other",)]


def test_a_suite_may_say_how_it_is_run():
    def conduct(system: System, suite: Suite, bench: Bench) -> int:
        assert bench.restarted is not None
        codes = []
        for connections in ("1", "2"):
            bench.put_back()
            url = bench.restarted({"DB_MAX_CONNECTIONS": connections})
            codes.append(run_once(system, suite, bench, {"base_url": url}))
        return worst(codes)

    suite = Suite(name="scaling", about="", script="benchmark.py", conduct=conduct)
    script = Script(0, 112)
    events: list[str] = []
    stand = Stand(
        base_url=URL,
        restarted=lambda changes: f"{URL}/{changes['DB_MAX_CONNECTIONS']}",
        put_back=lambda: events.append("put back"),
    )
    assert run_suites(system_of(suite), [(suite, {}, {})], stand, script) == {"scaling": 112}
    assert [options["base_url"] for *_, options in script.told] == [f"{URL}/1", f"{URL}/2"]
    assert events == ["put back"] * 3  # before the suite, and as often as it wants


def test_each_script_imports_its_helpers_anew(monkeypatch: pytest.MonkeyPatch):
    package = "surgeline_systems.coupons"
    kept, forgotten = ["rules", "load_balancer"], ["seeds", "load", "load.questions"]
    for name in (*kept, *forgotten):
        monkeypatch.setitem(sys.modules, f"{package}.{name}", object())
    run_once(system_of(ONE), ONE, Bench(base_url=URL, run_script=Script(0), options={}))
    assert [name for name in (*kept, *forgotten) if f"{package}.{name}" in sys.modules] == kept


@pytest.mark.parametrize(
    ("codes", "code"),
    [([0, 0], 0), ([0, 112], 112), ([99, 112], 99), ([104, 99], 104), ([105, 104], 105), ([1, 105], 1)],
    ids=str,
)
def test_the_worst_exit_code_counts(codes: list[int], code: int):
    assert worst(codes) == worst(codes[::-1]) == code
