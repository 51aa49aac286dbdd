"""The demo from the database to the verdict, with a stand-in for the load generator."""

import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.error import URLError

import pytest
from coupons_support import Client

from conftest import query
from surgeline_systems.coupons import demo
from surgeline_systems.coupons.catalogue import Catalogue
from surgeline_systems.coupons.demo import run_demo, worst
from surgeline_systems.servers.postgres import Postgres

USERS = 1_000


@pytest.fixture(autouse=True)
def own_database(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Not the database of a demo that somebody ran on this server."""
    name = f"surgeline_test_demo_{os.getpid()}"
    monkeypatch.setenv("SURGELINE_POSTGRES_URL", server.url)
    monkeypatch.setattr(demo, "DATABASE", name)
    yield
    query(server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


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
        catalogue = Catalogue(int(os.environ["CATALOGUE_SEED"]), int(os.environ["USERS"]), int(os.environ["COUPONS"]))
        with Client(base_url) as client:
            question = catalogue.question(Random(1))
            right = {"valid": question.reason is None, "reason": question.reason}
            assert client.validate(question.code, question.user_id) == (200, right)
        return self._codes.pop(0)


def test_runs_both_scripts_and_stops_everything(capsys: pytest.CaptureFixture[str]):
    generator = Generator(99, 0)
    assert run_demo(generator, users=USERS) == 99
    assert generator.scripts == ["benchmark.py", "constant_rate.py"]
    assert not answers(generator.base_url)
    assert "USERS" not in os.environ
    told = capsys.readouterr()
    assert told.out == ""
    assert "1,000 users and 5,000 coupons are seeded" in told.err


def test_tells_nothing_when_it_is_to_be_quiet(capsys: pytest.CaptureFixture[str]):
    assert run_demo(Generator(0, 0), users=USERS, quiet=True) == 0
    assert capsys.readouterr() == ("", "")


def test_a_script_that_a_signal_stopped_is_the_last():
    generator = Generator(105)
    assert run_demo(generator, users=USERS, quiet=True) == 105
    assert generator.scripts == ["benchmark.py"]


def test_ctrl_c_stops_everything():
    seen: list[str] = []

    def interrupted(_script: Path, base_url: str) -> int:
        assert answers(base_url)
        seen.append(base_url)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_demo(interrupted, users=USERS, quiet=True)
    assert not answers(seen[0])


@pytest.mark.parametrize(
    ("codes", "code"),
    [([0, 0], 0), ([0, 112], 112), ([99, 112], 99), ([104, 99], 104), ([105, 104], 105), ([1, 105], 1)],
)
def test_the_worst_exit_code_counts(codes: list[int], code: int):
    assert worst(codes) == worst(codes[::-1]) == code
