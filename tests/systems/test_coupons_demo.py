"""The demo from the database to the verdict, with a stand-in for the load generator."""

import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest
from coupons_support import Client, questions

from conftest import query
from surgeline.cli.steps import ShownSteps
from surgeline.seeding.steps import Unseen
from surgeline_systems.coupons import demo
from surgeline_systems.coupons.demo import run_demo, worst
from surgeline_systems.servers.postgres import Postgres, with_database

USERS = 1_000


@pytest.fixture(autouse=True)
def own_database(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Not the database of a demo that somebody ran on this server."""
    name = f"surgeline_test_demo_{os.getpid()}"
    monkeypatch.setenv("SURGELINE_POSTGRES_URL", server.url)
    monkeypatch.setattr(demo, "DATABASE", name)
    yield
    query(server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _own(server: Postgres) -> str:
    return with_database(server, demo.DATABASE).url


def answers(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/api/health") as answer:
            return answer.status == 200
    except URLError:
        return False


class Generator:
    """Stands for the load generator: asks a few questions as the scripts would, and exits as it is told."""

    def __init__(self, *codes: int) -> None:
        self.scripts: list[str] = []
        self.base_url = ""
        self._codes = list(codes)

    def __call__(self, script: Path, base_url: str) -> int:
        assert script.is_file()
        self.scripts.append(script.name)
        self.base_url = base_url
        with Client(base_url) as client:
            for question in questions({"USERS": os.environ["USERS"]}, 20):
                right = {"valid": question.reason is None, "reason": question.reason}
                assert client.validate(question.code, question.user_id) == (200, right)
        return self._codes.pop(0)


def test_runs_both_scripts_and_stops_everything(capsys: pytest.CaptureFixture[str]):
    generator = Generator(99, 0)
    assert run_demo(generator, USERS, ShownSteps()) == 99
    assert generator.scripts == ["benchmark.py", "constant_rate.py"]
    assert not answers(generator.base_url)
    assert "USERS" not in os.environ
    told = capsys.readouterr()
    assert told.out == ""
    assert "users: 1,000 rows in " in told.err
    assert "coupons: 5,000 rows in " in told.err


def test_a_second_demo_finds_everything_there(server: Postgres, capsys: pytest.CaptureFixture[str]):
    assert run_demo(Generator(0, 0), USERS, Unseen()) == 0
    (first,) = query(_own(server), "SELECT xmin::text, * FROM users ORDER BY id LIMIT 1")
    assert run_demo(Generator(0, 0), USERS, Unseen()) == 0
    assert query(_own(server), "SELECT xmin::text, * FROM users ORDER BY id LIMIT 1") == [first]
    assert capsys.readouterr() == ("", "")


def test_a_script_that_a_signal_stopped_is_the_last():
    generator = Generator(105)
    assert run_demo(generator, USERS, Unseen()) == 105
    assert generator.scripts == ["benchmark.py"]


def test_ctrl_c_stops_everything():
    seen: list[str] = []

    def interrupted(_script: Path, base_url: str) -> int:
        assert answers(base_url)
        seen.append(base_url)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_demo(interrupted, USERS, Unseen())
    assert not answers(seen[0])


@pytest.mark.parametrize(
    ("codes", "code"),
    [([0, 0], 0), ([0, 112], 112), ([99, 112], 99), ([104, 99], 104), ([105, 104], 105), ([1, 105], 1)],
)
def test_the_worst_exit_code_counts(codes: list[int], code: int):
    assert worst(codes) == worst(codes[::-1]) == code
