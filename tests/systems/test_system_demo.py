"""The demo from the database to the verdict, with a stand-in for the load generator."""

import os
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

import pytest
from click.testing import CliRunner, Result
from coupons_support import Client, questions

from conftest import query
from surgeline.cli import demo
from surgeline_systems.servers.postgres import Postgres, with_database
from surgeline_systems.standing import Place

USERS = "1000"


@pytest.fixture(autouse=True)
def own_database(own_server: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Not the database of a demo that somebody ran on this machine."""
    monkeypatch.setenv("SURGELINE_POSTGRES_URL", own_server.url)
    monkeypatch.chdir(tmp_path)
    return with_database(own_server, "surgeline_demo_coupons").url


def answers(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/api/health") as answer:
            return answer.status == 200
    except URLError:
        return False


class Generator:
    """Stands for the load generator: asks a few questions as the scripts would, and exits as it is told."""

    def __init__(self, *codes: int) -> None:
        self.titles: list[str] = []
        self.base_url = ""
        self._codes = list(codes)

    def __call__(self, script: Path, title: str, options: Mapping[str, object]) -> int:
        assert script.is_file()
        self.titles.append(title)
        self.base_url = options["base_url"]
        sizes = dict(text.split("=") for text in options["env"])
        assert sizes == {"USERS": USERS}
        with Client(self.base_url) as client:
            for question in questions(sizes, 20):
                right = {"valid": question.reason is None, "reason": question.reason}
                assert client.validate(question.code, question.user_id) == (200, right)
        return self._codes.pop(0)


def run_demo(generator: object, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    monkeypatch.setattr(demo, "run_script", generator)
    return CliRunner().invoke(demo.command, ["--users", USERS, *options], standalone_mode=False)


def test_runs_both_suites_and_stops_everything(monkeypatch: pytest.MonkeyPatch):
    generator = Generator(99, 0)
    done = run_demo(generator, monkeypatch)
    assert done.return_value == 99, done
    assert generator.titles == ["coupons: benchmark", "coupons: constant_rate"]
    assert not answers(generator.base_url)
    assert "users: 1,000 rows in " in done.stderr
    assert "coupons: 5,000 rows in " in done.stderr
    assert "thresholds failed" in done.stdout


def test_a_second_demo_finds_the_users_there_and_its_own_logs_alone(own_database: str, monkeypatch: pytest.MonkeyPatch):
    assert run_demo(Generator(0, 0), monkeypatch, "--quiet").return_value == 0
    (first,) = query(own_database, "SELECT xmin::text, * FROM users ORDER BY id LIMIT 1")
    done = run_demo(Generator(0, 0), monkeypatch, "--quiet")
    assert (done.return_value, done.stderr) == (0, "")
    assert query(own_database, "SELECT xmin::text, * FROM users ORDER BY id LIMIT 1") == [first]
    assert query(own_database, "SELECT count(*) AS rows FROM validation_logs")[0]["rows"] <= 40


def test_a_suite_that_a_signal_stopped_is_the_last(monkeypatch: pytest.MonkeyPatch):
    generator = Generator(105)
    done = run_demo(generator, monkeypatch, "--quiet")
    assert done.return_value == 105
    assert generator.titles == ["coupons: benchmark"]
    assert "constant_rate          -  not run" in done.stdout


def test_ctrl_c_stops_everything(monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []

    def interrupted(_script: Path, _title: str, options: Mapping[str, object]) -> int:
        assert answers(options["base_url"])
        seen.append(options["base_url"])
        raise KeyboardInterrupt

    assert run_demo(interrupted, monkeypatch, "--quiet").return_value is None
    assert not answers(seen[0])


def test_a_system_that_is_up_keeps_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = Place("coupons").lock()
    assert lock is not None
    result = run_demo(Generator(), monkeypatch)
    os.close(lock)
    assert "found it up: a demo would change the data under it" in str(result.exception)
