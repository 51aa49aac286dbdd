"""`surgeline doctor` as users run it: exit codes, JSON, and that nothing but a request for each origin is sent."""

import json
import os
import socket

import pytest
from doctor_support import free_port, service, surgeline
from plans import one_scenario

START = "from surgeline import *\n"
CHECKS = ["service", "descriptors", "ports", "clock", "cores"]
"""Those that every plan of requests has, in their order."""


@pytest.fixture
def doctor(tmp_path):
    def run(text, *options, **variables):
        (tmp_path / "script.py").write_text(START + text)
        return surgeline("doctor", "script.py", *options, cwd=tmp_path, **variables)

    return run


def found(done):
    """Findings by check; the last of each."""
    return {one["check"]: one for one in json.loads(done.stdout)["findings"]}


def test_a_run_that_nothing_stands_in_the_way_of(doctor, tmp_path):
    with service() as server:
        done = doctor(one_scenario(), "--base-url", server.url)

    assert done.returncode == 0, done.stdout
    assert "Nothing stands in the way of a run" in done.stdout
    assert f"{server.url} (base URL of one) answers 200 OK" in " ".join(done.stdout.split())
    assert done.stderr == ""
    assert server.requests == [("GET", "/")]
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


def test_a_service_that_is_not_there(doctor):
    done = doctor(one_scenario(), "--base-url", f"http://127.0.0.1:{free_port()}")

    assert done.returncode == 99
    assert "connection refused" in done.stdout
    assert "A run would fail: 1 failure" in done.stdout


def test_json_of_a_script_whose_name_is_no_text(tmp_path):
    name = os.fsdecode(b"\xff.py")
    (tmp_path / name).write_text(START + one_scenario())

    done = surgeline("doctor", name, "--json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["script"] == name


def test_json_has_all_checks(doctor):
    with service() as server:
        done = doctor(one_scenario(), "--base-url", server.url, "--json")

    told = json.loads(done.stdout)
    assert [one["check"] for one in told["findings"]][-4:] == CHECKS[1:]
    assert list(found(done)) == CHECKS
    assert (told["script"], told["ok"], told["limit_seconds"]) == ("script.py", True, 5.0)
    assert told["seconds"] > 0
    assert all(set(one) == {"level", "check", "message", "remedy"} for one in told["findings"])


def test_a_service_on_this_machine_is_named_and_shares_its_cores(doctor):
    with service() as server:
        findings = found(doctor(one_scenario(), "--base-url", server.url, "--json"))

    assert "(pid " in findings["service"]["message"]
    assert "(pid " in findings["cores"]["message"]
    assert findings["cores"]["level"] == "warning"


def test_a_script_without_a_base_url_is_not_asked_for(doctor):
    done = doctor(one_scenario(), "--json")

    assert done.returncode == 0
    assert found(done)["service"]["level"] == "skipped"


@pytest.mark.parametrize("text", ["raise ValueError('no')", "def broken(:", ""])
def test_a_wrong_script_is_refused(text, doctor):
    done = doctor(text)

    assert done.returncode == 104
    assert done.stdout == ""
    assert "script.py" in done.stderr


def test_a_wrong_option_is_refused(doctor):
    assert doctor(one_scenario(), "--vus", "many").returncode == 104
    assert doctor(one_scenario(), "--out", "nonsense").returncode == 104


def test_set_up_is_not_called(doctor):
    text = "@setup\nasync def prepare(vu):\n    raise RuntimeError('called')\n" + one_scenario()

    assert doctor(text).returncode == 0


def test_the_options_of_a_run_count(doctor):
    with service() as server:
        done = doctor(
            'base = env("BASE", "http://127.0.0.1:1")\n' + one_scenario(options=", base_url=base"),
            *("-e", f"BASE={server.url}", "--vus", 10_000_000 // 10, "--duration", "1h", "--json"),
        )

    findings = found(done)
    assert findings["service"]["level"] == "ok"
    assert "1,000,064 file descriptors" in findings["descriptors"]["message"]
    assert findings["ports"]["level"] == "failure"


def test_a_control_address_that_is_taken(doctor):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = doctor(one_scenario(), "--control", f"127.0.0.1:{port}", "--json")

    control = found(done)["control"]
    assert done.returncode == 99
    assert control["message"].startswith(f"--control: 127.0.0.1:{port} is taken: ")
    assert "(pid " in control["message"]


def test_a_control_address_that_is_free(doctor):
    done = doctor(one_scenario(), "--control", f"127.0.0.1:{free_port()}", "--json")

    assert found(done)["control"]["level"] == "ok"


def test_a_token_that_has_expired_is_found_and_not_shown(doctor):
    token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjEwMDAwMDAwMDB9.c2lnbmF0dXJl"
    done = doctor(f'env("API_TOKEN", "{token}")\n' + one_scenario())

    assert done.returncode == 99
    assert "env API_TOKEN: expired at 2001-09-09 01:46:40 UTC" in done.stdout
    assert token not in done.stdout + done.stderr


def test_a_log_in_is_never_shown(doctor):
    done = doctor(one_scenario(), "--base-url", f"http://me:hunter2hunter2@127.0.0.1:{free_port()}/")

    assert done.returncode == 99
    assert "hunter2" not in done.stdout + done.stderr
