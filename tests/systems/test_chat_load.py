"""The load script of the chat system, run by the load generator against the real service."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from chat_stores import chat_database, new_chat, play, rows
from messages_support import values_of
from ways_support import UNUSED_PORT, needed

from healthy_generator import COMMAND
from surgeline_systems.application.server import running_service
from surgeline_systems.chat.load.following import Following
from surgeline_systems.chat.store import Store
from surgeline_systems.chat.system import SCRIPT, SYSTEM
from surgeline_systems.servers import rabbitmq, redis

SHORT = {"WRITES": "40", "READS": "80", "DURATION": "1s", "WORKERS": "4", "WARM_UP": "300ms"}
BEHIND = {"MariaDB": "a broker", "PostgreSQL": "a queue in the service"}


@dataclass(frozen=True)
class Serving:
    """Where the service is, and what it stands on."""

    base_url: str
    urls: Mapping[str, str]


@pytest.fixture(scope="module", params=BEHIND)
def service(request: pytest.FixtureRequest) -> Iterator[Serving]:
    with serving(request.param) as found:
        yield found


@contextmanager
def serving(kind: str) -> Iterator[Serving]:
    """A service on one kind of database: the one with a broker and a writer behind it, the other with neither."""
    cache, broker = redis.standing_server(), rabbitmq.standing_server()
    needed(cache, "no Redis")
    needed(broker, "no RabbitMQ")
    with chat_database(kind) as database_url:
        behind = broker.url if BEHIND[kind] == "a broker" else ""
        urls = {"DATABASE_URL": database_url, "REDIS_URL": cache.url, "RABBITMQ_URL": behind}
        with running_service(SYSTEM.package, urls) as base_url:
            yield Serving(base_url, urls)


def run_test(service: Serving, *options: str, **values: str) -> subprocess.CompletedProcess[str]:
    """What `surgeline run` of the script ends with."""
    told = {**SHORT, **service.urls, "BASE_URL": service.base_url, **values}
    given = [part for name, value in told.items() for part in ("-e", f"{name}={value}")]
    script = str(SYSTEM.folder / "load" / SCRIPT)
    command = [*COMMAND, "run", script, "--quiet", "--no-run-file", *given, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def count(service: Serving) -> int:
    """How many messages are in the database."""

    async def all_of(store: Store) -> int:
        return len(await store.messages_after(0, 100_000))

    return play(service.urls["DATABASE_URL"], all_of)


def test_what_is_accepted_is_written_and_all_of_it_is_told(service: Serving, tmp_path: Path):
    summary = tmp_path / "summary.json"
    before = count(service)
    done = run_test(service, "--summary-export", str(summary))
    # A slow machine drops some, and no more.
    assert done.returncode in {0, 99}, done.stdout + done.stderr
    values = values_of(summary)
    writes, reads = (values[f"iterations{{scenario:{one}}}"]["count"] for one in ("writes", "reads"))
    assert values["flow_started"]["count"] == values["flow_arrived"]["count"] == writes > 0
    # Those of the warm-up are written too, and followed by nobody.
    assert count(service) - before > writes
    assert "flow_unknown" not in values
    told = " ".join(done.stdout.split())
    good = "Failed: 0 Success Rate: 100.00% Throughput:"
    assert f"Writes: Total: {writes} {good} {writes}.00 writes/sec Target: 40 writes/sec" in told
    assert f"Reads: Total: {reads} {good} {reads}.00 reads/sec Target: 80 reads/sec" in told
    assert f"Overall: {'failed' if done.returncode else 'passed'}" in told
    expect_told(done.stderr)


def expect_told(text: str) -> None:
    """Set-up, progress and what was watched."""
    assert "set-up: 4 of 4 users are signed in" in text
    assert "[1s] Writes: " in text
    rows = {line.partition("  ")[0] for line in text.splitlines()}
    assert {"service: cpu", "Redis: commands", "this machine: cpu"} <= rows
    assert rows & {"MariaDB: rows written", "PostgreSQL: rows written"}
    assert ("RabbitMQ: ready" in rows) == ("writer: cpu" in rows)
    assert "Traceback" not in text


def test_users_that_are_there_already_sign_in_and_several_processes_follow_what_each_has_written(
    service: Serving, tmp_path: Path
):
    summary = tmp_path / "summary.json"
    assert run_test(service).returncode in {0, 99}
    done = run_test(service, "--workers", "2", "--summary-export", str(summary), WARM_UP="0s")
    assert done.returncode in {0, 99}, done.stdout + done.stderr
    values = values_of(summary)
    assert values["flow_started"]["count"] == values["flow_arrived"]["count"] > 1
    assert "flow_unknown" not in values


def test_what_never_gets_into_the_database_fails_the_test(service: Serving):
    with chat_database("PostgreSQL") as elsewhere, chat_database("MariaDB") as other:
        empty = other if "mysql" in service.urls["DATABASE_URL"] else elsewhere
        done = run_test(service, DATABASE_URL=empty)
    # Its chats are not even there.
    assert done.returncode == 108, done.stdout + done.stderr
    assert "DATABASE_URL: expected the service's own database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_that_is_away_is_said_to_be(service: Serving):
    done = run_test(service, BASE_URL=f"http://127.0.0.1:{UNUSED_PORT}")
    assert done.returncode == 108, done.stdout + done.stderr
    assert "connection refused" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "value"), [("DURATION", "soon"), ("WARM_UP", "-1s")])
def test_what_cannot_be_is_refused_by_its_name(service: Serving, name: str, value: str):
    done = run_test(service, **{name: value})
    assert done.returncode == 104, done.stdout + done.stderr
    assert f"{name}: expected a duration such as 90s or 5m, found '{value}'" in done.stderr


def following(kind: str, story: Callable[[Following, Store], object]) -> None:
    """Let a story happen to an empty database that is followed."""
    with chat_database(kind) as url:

        async def followed(store: Store) -> None:
            found = Following(url)
            try:
                await story(found, store)  # type: ignore[misc]
            finally:
                await found.close()

        play(url, followed)


@pytest.mark.parametrize("kind", BEHIND)
def test_what_is_new_is_told_once_and_what_is_waited_for_again(kind: str):
    async def story(found: Following, store: Store) -> None:
        application, chat = await new_chat(store)
        await store.write(rows(chat, range(1, 3)))
        ids = await found.chat_ids([application.token])
        assert ids == {(application.token, chat.number): chat.id}
        await store.write(rows(chat, range(3, 2_003)))
        new = [f"{chat.id}:{number}" for number in range(3, 2_003)]
        assert sorted(await found.written([])) == sorted(new)
        assert not await found.written([])
        # Asked for by its key where nothing is new: it was written before anybody followed.
        there, not_there = f"{chat.id}:1", f"{chat.id}:9999"
        assert await found.written([there, not_there]) == [there]

    following(kind, story)


def test_the_command_tells_its_options():
    command = [sys.executable, "-m", "surgeline_systems.chat", "test", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for option, usual in {"--writes": 5_000, "--reads": 10_000, "--duration": 30, "--workers": 100}.items():
        assert option in done.stdout
        assert f"[default: {usual};" in " ".join(done.stdout.split())


def test_the_command_runs_the_script_with_its_options(service: Serving):
    options = ["--writes", "20", "--reads", "40", "--duration", "1", "--workers", "2", "--base-url", service.base_url]
    more = ["--", "--no-run-file", "-e", "WARM_UP=0s", *(f"-e{name}={url}" for name, url in service.urls.items())]
    command = [sys.executable, "-m", "surgeline_systems.chat", "test", *options, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # A slow machine is slow, and no more.
    assert done.returncode in {0, 99, 112}, done.stdout + done.stderr
    assert "Target: 20 writes/sec" in " ".join(done.stdout.split())
