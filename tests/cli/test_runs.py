"""A run and what is shown of it later, from the command line; `tests/store` has the cases one by one."""

import json
import signal
import sqlite3
import time
from contextlib import closing

import pytest
from cli_support import WAIT, started, surgeline

SCRIPT = """

from surgeline import *

thresholds({"http_req_failed": "rate<0.9", "http_req_duration{name:good}": "p(95)<5000", "checks": "rate>0.99"})
env("API_TOKEN", "none")


@setup
async def set_up(vu):
    await vu.http.get("/setup")


@scenario(shared_iterations(vus=2, iterations=40), base_url=env("URL"))
async def browse(vu):
    response = await vu.http.get("/page", name="good")
    check(response, {"found": response.status == 200, "odd": vu.iteration % 2 == 1})
    if vu.iteration == 3:
        raise KeyError("missing")


@scenario(constant_arrival_rate(rate=20, duration="1500ms"), base_url=env("URL"), tags={"team": "blue"})
async def fail_often(vu):
    await vu.http.get("/fail", name="bad")
"""
ENDLESS = """
from surgeline import *


@scenario(constant_vus(vus=1, duration="10m"), base_url=env("URL"))
async def endless(vu):
    await vu.http.get("/endless")
    await vu.sleep(0.01)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory, server):
    """A folder in which a run was made, and how it ended."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "shop.py").write_text(SCRIPT)
    environment = {"API_TOKEN": "s3cr3t-t0ken", "URL": server.url}
    return folder, surgeline("run", "shop.py", "-q", cwd=folder, env=environment)


def test_the_summary_again_is_the_same_to_the_byte(finished):
    folder, ended = finished
    assert "ITERATION ERRORS" in ended.out
    assert "ERRORS" in ended.out
    again = surgeline("report", "last", cwd=folder)
    assert (again.code, again.err) == (0, "")
    assert again.out == ended.out


def test_the_list_has_the_run(finished, server):
    folder, _ = finished
    (found,) = json.loads(surgeline("runs", "--json", cwd=folder).out)
    assert found["title"] == "shop.py"
    assert found["requests"] == len([path for path in server.paths if path in ("/page", "/fail", "/setup")])
    assert found["finished"] is True
    assert "-shop-" in found["id"]


@pytest.mark.parametrize(
    ("options", "requests"),
    [
        (["--scenario", "browse"], 40),
        (["--scenario", "fail_often"], 30),
        (["--name", "good"], 40),
        (["--tag", "team=blue"], 30),
        (["--from", "0", "--to", "10m"], 70),
        ([], 71),
    ],
)
def test_any_part_of_it(finished, options, requests):
    folder, _ = finished
    found = json.loads(surgeline("report", "last", "--json", *options, cwd=folder).out)
    assert found["metrics"]["http_reqs"]["values"]["count"] == requests


def test_what_the_script_asked_of_the_environment_is_kept_but_no_secret(finished, server):
    folder, _ = finished
    (path,) = (folder / ".surgeline/runs").iterdir()
    assert b"s3cr3t" not in path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        ((environment,),) = connection.execute("SELECT environment_json FROM run")
    assert json.loads(environment) == {"API_TOKEN": "(redacted)", "URL": server.url}


def test_a_killed_run_can_be_shown(tmp_path, server):
    (tmp_path / "endless.py").write_text(ENDLESS)
    with started("run", "endless.py", "-q", "-e", f"URL={server.url}", cwd=tmp_path) as running:
        _wait_for_seconds(tmp_path / ".surgeline/runs", 1)
        running.signal(signal.SIGKILL)
        assert running.end().code == -signal.SIGKILL
    shown = surgeline("report", "last", cwd=tmp_path)
    assert shown.code == 0
    assert shown.out.startswith("INCONCLUSIVE  the run was not finished")
    (found,) = json.loads(surgeline("runs", "--json", cwd=tmp_path).out)
    assert found["finished"] is False
    assert 0 < found["requests"] <= server.paths.count("/endless")


def _wait_for_seconds(folder, least):
    """Until so many seconds of the load are in the run file."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        for path in folder.glob("*.sqlite"):
            with closing(sqlite3.connect(path)) as connection:
                try:
                    if connection.execute("SELECT count(*) FROM seconds WHERE second >= 0").fetchone()[0] >= least:
                        return
                except sqlite3.OperationalError:  # it is just being made
                    pass
        time.sleep(0.05)
    raise AssertionError("no second of the load was stored")


OWN_SUMMARY = """
from surgeline import *

thresholds({"iterations": "count>5"})


@scenario(shared_iterations(iterations=2))
async def one(vu):
    pass


@summary
def tell(results):
    print("telling")
    if env("FAILS", False):
        raise ValueError("no figures")
    return f"{results.value('iterations', 'count'):.0f} of them: {results.verdict}"
"""


def test_a_summary_of_its_own_is_wherever_the_summary_is(tmp_path):
    (tmp_path / "own.py").write_text(OWN_SUMMARY)
    ended = surgeline("run", "own.py", "-q", "--out", "junit=report.xml", cwd=tmp_path)
    own = "2 of them: failed"
    assert ended.code == 99
    assert own in ended.out.splitlines()
    assert "telling" not in ended.out
    assert own in (tmp_path / "report.xml").read_text()
    assert surgeline("report", "last", cwd=tmp_path).out == ended.out


def test_a_summary_of_its_own_that_raises_costs_its_text_alone(tmp_path):
    (tmp_path / "own.py").write_text(OWN_SUMMARY)
    ended = surgeline("run", "own.py", "-q", "-e", "FAILS=1", "--summary-export", "out.json", cwd=tmp_path)
    assert ended.code == 107
    assert ended.err.count("surgeline: @summary raised.\nTraceback") == 1
    assert "ValueError: no figures" in ended.err
    assert json.loads((tmp_path / "out.json").read_text())["metrics"]["iterations"]["values"]["count"] == 2
    again = surgeline("report", "last", cwd=tmp_path)
    assert again.out == ended.out
    assert "iterations" in again.out
    assert "FAIL" in again.out
