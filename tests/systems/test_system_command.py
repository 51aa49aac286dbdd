"""`surgeline system`: up, looked at, loaded and down again, with a real database, and nothing left running."""

import json
import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_support import SMALL, Desk, desk_in, ended, eventually, say_until

from conftest import query
from surgeline_systems.catalogue import NAMES
from surgeline_systems.servers.postgres import Postgres, with_database

FEW = ("--iterations", "20", "--no-thresholds", "--quiet", "--no-run-file")
HOLDER = "surgeline_systems.holder"


@pytest.fixture
def desk(own_server: Postgres, tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, own_server.url) as desk:
        yield desk


@pytest.fixture(scope="module")
def up(own_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk at which the system is up; what brought it up is `up.told`."""
    with desk_in(tmp_path_factory.mktemp("up"), own_server.url) as desk:
        desk.told = desk.up()
        yield desk
        desk.do("system", "down")


@pytest.fixture
def logs(own_server: Postgres) -> str:
    """The URL of the database in which the system's tables are."""
    return with_database(own_server, "surgeline_demo_coupons").url


def holders(desk: Desk) -> list[int]:
    return [process for process, command in desk.running().items() if HOLDER in command]


def status(desk: Desk) -> dict:
    return json.loads(desk.do("system", "status", "coupons", "--json").stdout)[0]


def test_what_is_up_is_told_without_its_password(up: Desk, own_server: Postgres):
    told, url = up.told, f"http://127.0.0.1:{up.port}"
    assert told.returncode == 0, told.stderr
    for line in ("coupons is up.", f"service   {url}", f"OpenAPI   {url}/openapi.json", "seeded    yes"):
        assert line in told.stdout
    assert f"curl {url}/api/health" in told.stdout
    assert "users: 300 rows in " in told.stderr
    password = own_server.url.split(":")[2].split("@")[0]
    assert password not in told.stdout + told.stderr
    assert "backing.database.url in .surgeline/systems/coupons.json" in told.stdout
    state = up.folder / ".surgeline/systems/coupons.json"
    assert state.stat().st_mode & 0o777 == 0o600
    assert password in state.read_text()
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        assert "/api/coupons/validate" in json.load(answer)["paths"]


def test_status_says_what_is_up(up: Desk, own_server: Postgres):
    found = status(up)
    (holder,) = holders(up)
    facts = (found["state"], found["url"], found["pid"], found["seeded"])
    assert facts == ("up", f"http://127.0.0.1:{up.port}", holder, True)
    assert found["health"]["status"] == "healthy"
    assert own_server.url.split(":")[2].split("@")[0] not in json.dumps(found)
    shown = up.do("system", "status")
    assert (shown.returncode, shown.stdout.count(" down")) == (0, len(NAMES) - 1)


def test_up_once_more_is_the_same_system_or_an_error(up: Desk):
    (holder,) = holders(up)
    again = up.up()
    assert again.returncode == 0
    assert again.stdout.startswith("coupons is up already.")
    assert f"process   {holder}" in again.stdout
    other = up.do("system", "up", "coupons", "--port", "1", "-e", "DATABASE_URL=postgresql://ann:secret@here/")
    assert other.returncode == 104
    assert f"the port (expected 1, found {up.port})" in other.stderr
    assert "settings (COUPONS, DATABASE_URL, USERS)" in other.stderr
    assert "`surgeline system down coupons`" in other.stderr
    assert "secret" not in other.stderr
    anywhere = up.do("system", "up", "coupons", *SMALL)
    assert anywhere.stdout.startswith("coupons is up already.")
    assert holders(up) == [holder]


def test_run_refuses_other_sizes_than_those_that_are_up(up: Desk):
    done = up.do("system", "run", "coupons", *FEW, "-e", "USERS=301")
    assert (done.returncode, done.stdout) == (104, "")
    assert "expected the sizes that it is up with (" in done.stderr
    assert "-e USERS=300" in done.stderr


def test_run_uses_what_is_up(up: Desk):
    (holder,) = holders(up)
    done = up.do("system", "run", "coupons", *FEW, "--summary-export", "summary-{suite}.json")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()[-3:]] == [
        ["SUITE", "exit", "code", "verdict"],
        ["benchmark", "0", "passed"],
        ["constant_rate", "0", "passed"],
    ]
    for suite in ("benchmark", "constant_rate"):
        assert f"coupons: {suite} " in done.stdout
        metrics = json.loads((up.folder / f"summary-{suite}.json").read_text())["metrics"]
        assert metrics["checks"]["values"] == {"rate": 1, "passes": 40, "fails": 0}
    assert holders(up) == [holder]


def test_a_service_of_ones_own_is_loaded_and_nothing_is_started(up: Desk, own_server: Postgres, tmp_path: Path):
    with desk_in(tmp_path, own_server.url) as other:
        url = f"http://127.0.0.1:{up.port}"
        done = other.do("system", "run", "coupons", "benchmark", "--base-url", url, *SMALL, *FEW)
        assert done.returncode == 0, done.stderr
        assert "40 of 40" in done.stdout
        assert not (tmp_path / ".surgeline/systems").exists()


def test_two_at_once_are_one_system(desk: Desk):
    command = ("system", "up", "coupons", "--port", str(desk.port), *SMALL)
    with desk.start(*command) as first, desk.start(*command) as second:
        told = [ended(first), ended(second)]
    assert [one.returncode for one in told] == [0, 0], told
    assert sorted(one.stdout.splitlines()[0] for one in told) == ["coupons is up already.", "coupons is up."]
    assert len(holders(desk)) == 1
    desk.do("system", "down")


def test_when_its_process_is_killed_everything_ends_and_it_can_be_brought_up_again(desk: Desk):
    assert desk.up().returncode == 0
    (holder,) = holders(desk)
    os.kill(holder, signal.SIGKILL)
    eventually(lambda: desk.running() == {})
    dead = desk.do("system", "status", "coupons")
    assert dead.returncode == 99
    assert "coupons: its process was killed" in dead.stdout
    assert status(desk) == {"system": "coupons", "state": "down"}

    assert desk.up().returncode == 0
    down = desk.do("system", "down", "coupons")
    assert (down.returncode, down.stdout) == (0, "coupons is down.\n")
    assert desk.running() == {}
    assert not (desk.folder / ".surgeline/systems/coupons.json").exists()
    again = desk.do("system", "down", "coupons")
    assert (again.returncode, again.stdout) == (0, "coupons was not up.\n")


def test_a_port_that_is_taken_is_told_and_nothing_starts(desk: Desk):
    with socket.create_server(("127.0.0.1", desk.port)):
        failed = desk.up()
    assert (failed.returncode, failed.stdout) == (104, "")
    assert f"expected port {desk.port} to be free" in failed.stderr
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("-e", "DB_MAX_CONNECTIONS=1"), "DB_MAX_CONNECTIONS to be a whole number"),
        (("-e", "COUPONS=41"), "COUPONS: expected a multiple of 20"),
        (("--workers", "2"), "--workers: expected a system with a queue"),
        (("-e", "USRES=2"), "-e USRES: expected a setting of coupons or a size of its seeds, one of DATABASE_URL, "),
        (("-e", "USRES=2"), "found 'USRES'; did you mean \"USERS\"?"),
        (("-e", "RABBITMQ_URL=amqp://here/"), "-e RABBITMQ_URL: expected"),
    ],
    ids=["service", "seeds", "workers", "unknown", "misspelt", "not-its-own"],
)
def test_settings_that_are_wrong_are_told_and_nothing_starts(desk: Desk, options: tuple[str, ...], found: str):
    failed = desk.up(*options)
    assert failed.returncode == 104
    assert found in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_start_that_is_cut_off_leaves_nothing(desk: Desk, number: signal.Signals):
    with desk.start("system", "up", "coupons", "-e", "USERS=60000", "--port", str(desk.port)) as up:
        say_until(up, "tables in ")
        up.send_signal(number)
        cut_off = ended(up)
    if number is signal.SIGINT:
        assert cut_off.returncode == 105
        assert cut_off.stderr.endswith("\nsurgeline: stopped by a signal\n")
    if number is signal.SIGKILL:
        eventually(lambda: desk.running() == {})
    assert desk.running() == {}
    assert status(desk)["state"] == "down"


def test_run_starts_what_is_not_up_from_the_same_data_and_stops_it(desk: Desk, up: Desk, logs: str):
    # It writes into the same table, some seconds after its answers.
    eventually(lambda: status(up)["health"]["validationLogQueueSize"] == 0)
    for data, rows in (((), 20), (("--keep-data",), 40)):
        done = desk.do("system", "run", "coupons", "benchmark", *SMALL, *FEW, *data)
        assert done.returncode == 0, done.stderr
        assert "coupons: benchmark" in done.stdout
        assert "SUITE" not in done.stdout
        assert desk.running() == {}
        assert query(logs, "SELECT count(*) AS rows FROM validation_logs")[0]["rows"] == rows


def test_ctrl_c_in_a_run_stops_everything(desk: Desk):
    samples = desk.folder / "samples-benchmark.json"
    load = ("--vus", "1", "--duration", "10m", "--out", "json=samples-{suite}.json")
    with desk.start("system", "run", "coupons", *SMALL, *load) as run:
        eventually(lambda: samples.exists() and samples.stat().st_size > 100_000)
        run.send_signal(signal.SIGINT)
        done = ended(run)
    assert done.returncode == 105
    assert "not run" in done.stdout.splitlines()[-1]
    assert desk.running() == {}


def test_what_cannot_be_run_is_told_before_anything_starts(desk: Desk):
    for arguments, found in (
        (("benchmrk",), "one of benchmark, constant_rate, found 'benchmrk'; did you mean \"benchmark\"?"),
        (("--out", "json=samples.json"), "--out: expected a file for each of 2 suites"),
        (("--rate", "many"), "--rate"),
    ):
        failed = desk.do("system", "run", "coupons", *arguments)
        assert failed.returncode == 104
        assert found in failed.stderr
    assert not (desk.folder / ".surgeline/systems").exists()


@pytest.mark.parametrize("command", [("system", "up"), ("system", "status"), ("demo",)], ids=" ".join)
def test_a_system_that_there_is_not_is_refused(tmp_path: Path, command: tuple[str, ...]):
    failed = Desk(tmp_path, "postgresql://127.0.0.1").do(*command, "coupon")
    assert failed.returncode == 104
    assert "expected a system, one of coupons, " in failed.stderr
    assert "found 'coupon'; did you mean \"coupons\"?" in failed.stderr


def test_alone_it_lists_systems_and_suites(tmp_path: Path):
    listed = Desk(tmp_path, "postgresql://127.0.0.1").do("system")
    assert listed.returncode == 0
    assert "coupons: Coupon validation" in listed.stdout
    assert "benchmark" in listed.stdout
