"""A system step by step: `python -m surgeline_systems.coupons migrate`, `seed`, `serve`."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import query
from surgeline_systems.application.server import is_healthy
from surgeline_systems.servers.launch import free_port
from surgeline_systems.servers.postgres import Postgres, with_database


@pytest.fixture
def environment(own_server: Postgres) -> Mapping[str, str]:
    return {**os.environ, "SURGELINE_POSTGRES_URL": own_server.url, "PORT": str(free_port())}


def by_hand(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "surgeline_systems.coupons", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_seed_makes_the_database_and_hands_over_to_surgeline(own_server: Postgres, environment: Mapping[str, str]):
    migrated = by_hand(environment, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert "migrated: 0001_tables.sql" in migrated.stderr
    seeded = by_hand(environment, "seed", "-e", "USERS=50", "-e", "COUPONS=20")
    assert seeded.returncode == 0, seeded.stderr
    assert "users" in seeded.stdout
    url = with_database(own_server, "surgeline_demo_coupons").url
    assert query(url, "SELECT count(*) AS rows FROM users")[0]["rows"] == 50


def test_serve_serves_until_a_signal_from_any_folder(environment: Mapping[str, str], tmp_path: Path):
    (tmp_path / "__init__.py").touch()  # such as the folders of the load scripts have
    base_url = f"http://127.0.0.1:{environment['PORT']}"
    command = [sys.executable, "-m", "surgeline_systems.coupons", "serve"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        while f"listening on {base_url}" not in service.stderr.readline():
            assert service.poll() is None
        while not is_healthy(base_url):
            assert service.poll() is None
        with urllib.request.urlopen(f"{base_url}/openapi.json") as answer:
            assert answer.status == 200
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=60)
    assert service.returncode == 0


def test_serve_does_not_say_that_it_listens_where_another_server_does(environment: Mapping[str, str]):
    with socket.create_server(("127.0.0.1", int(environment["PORT"]))):
        failed = by_hand(environment, "serve")
    assert "to be free" in failed.stderr.splitlines()[-1]
    assert "listening on" not in failed.stderr


@pytest.mark.parametrize(
    ("changes", "arguments", "found"),
    [
        ({"DB_MAX_CONNECTIONS": "1"}, ("serve",), "expected DB_MAX_CONNECTIONS"),
        ({}, ("serve", "--workers", "2"), "--workers: expected a system with a queue"),
        ({"HOST": "no such host"}, ("serve",), "expected an IPv4 address or its name in HOST"),
        ({"SURGELINE_POSTGRES_URL": "http://here"}, ("migrate",), "SURGELINE_POSTGRES_URL"),
        ({}, ("migrat",), "One of migrate, seed, serve is expected"),
        ({}, ("serve", "--workers"), "Option '--workers' requires an argument."),
        ({}, ("serve", "--workers", "0"), "`python -m surgeline_systems.coupons serve --help` says what is expected."),
    ],
    ids=["setting", "workers", "host", "url", "command", "option", "value"],
)
def test_what_is_wrong_is_told_in_a_line(
    environment: Mapping[str, str], changes: Mapping[str, str], arguments: tuple[str, ...], found: str
):
    failed = by_hand({**environment, **changes}, *arguments)
    assert failed.returncode == 104
    assert found in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr


def test_the_command_alone_is_a_question(environment: Mapping[str, str]):
    asked = by_hand(environment)
    assert asked.returncode == 0
    assert "migrate" in asked.stdout
