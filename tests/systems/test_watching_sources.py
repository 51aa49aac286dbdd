"""What is seen of real servers and processes, and that what is away is said to be."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from ways_support import UNUSED_PORT, needed

from conftest import run
from healthy_generator import COMMAND
from surgeline_systems.servers import mariadb as mariadbs
from surgeline_systems.servers import rabbitmq as brokers
from surgeline_systems.servers import redis as redises
from surgeline_systems.servers.postgres import Postgres as PostgresServer
from surgeline_systems.watching import processes
from surgeline_systems.watching.machine import Machine
from surgeline_systems.watching.mariadb import MariaDB
from surgeline_systems.watching.postgres import Postgres
from surgeline_systems.watching.process_tree import family
from surgeline_systems.watching.rabbitmq import RabbitMQ
from surgeline_systems.watching.redis import Redis
from surgeline_systems.watching.source import AwayError, Source

NOWHERE = f"127.0.0.1:{UNUSED_PORT}"
AWAY: Mapping[str, Source] = {
    "PostgreSQL": Postgres(f"postgresql://root@{NOWHERE}/none"),
    "MariaDB": MariaDB(f"mysql://root@{NOWHERE}/none"),
    "Redis": Redis(f"redis://{NOWHERE}/0"),
    "RabbitMQ": RabbitMQ(f"amqp://{NOWHERE}/", "none", f"http://{NOWHERE}"),
    "process": processes.service("service", f"http://{NOWHERE}"),
    "process elsewhere": processes.service("service", "http://192.0.2.1:80"),
}
# Its child listens; another was started to run a module. As a server that forks does, with its companions.
FORKING = """
import os, socket, subprocess, sys
with socket.create_server(("127.0.0.1", 0)) as listening:
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
    port = listening.getsockname()[1]
with subprocess.Popen([sys.executable, "-c", "input()", "-m", "some.module"], stdin=subprocess.PIPE):
    print(port, flush=True)
    os.wait()
"""


def seen(source: Source) -> tuple[Mapping[str, float], list[str]]:
    """A look, and the details."""

    async def look() -> tuple[Mapping[str, float], list[str]]:
        await source.open()
        try:
            return await source.look(), list(await source.details())
        finally:
            await source.close()

    return asyncio.run(look())


@pytest.mark.parametrize("name", AWAY)
def test_what_is_not_there_is_away(name: str):
    with pytest.raises(AwayError, match=r"\w"):
        seen(AWAY[name])


def test_postgres_tells_its_connections_and_rows(server: PostgresServer):
    found, details = seen(Postgres(server.url))
    assert found["database_size_mb"] > 1
    assert {figure.name for figure in Postgres.figures} - {"database_cache_hit_rate"} <= found.keys()
    assert details


def test_postgres_counts_those_that_are_connected(server: PostgresServer):
    async def watched(_connection: object) -> float:
        source = Postgres(server.url)
        await source.open()
        before = (await source.look())["database_connections"]
        await source.close()
        return before

    assert run(server.url, watched) >= 1


def test_mariadb_tells_its_connections_and_statements():
    server = mariadbs.standing_server()
    needed(server, "no MariaDB")
    found, _ = seen(MariaDB(server.url))
    assert found["database_connections"] >= 1
    assert {figure.name for figure in MariaDB.figures} - {"database_cache_hit_rate"} <= found.keys()


def test_redis_tells_its_memory_and_commands():
    server = redises.standing_server()
    needed(server, "no Redis")
    found, _ = seen(Redis(server.url))
    assert found["redis_memory_mb"] > 0
    assert found["redis_connections"] >= 1


def test_a_broker_without_its_management_tells_how_many_messages_wait():
    server = brokers.standing_server()
    needed(server, "no RabbitMQ")
    queue = f"surgeline-test-watching-{uuid4().hex}"
    with pytest.raises(AwayError, match=queue):
        seen(RabbitMQ(server.url, queue, f"http://{NOWHERE}"))
    fill(server.url, queue, messages=3)
    found, details = seen(RabbitMQ(server.url, queue, f"http://{NOWHERE}"))
    brokers.delete_queue(server.url, queue)
    assert found == {"queue_ready": 3, "queue_consumers": 0}
    assert "management" in details[0]


def fill(url: str, queue: str, messages: int) -> None:
    """Make a queue that goes when nobody uses it for a minute, and put messages into it."""
    import aio_pika

    async def publish() -> None:
        async with await aio_pika.connect(url) as connection:
            channel = await connection.channel()
            await channel.declare_queue(queue, arguments={"x-expires": 60_000})
            for _ in range(messages):
                await channel.default_exchange.publish(aio_pika.Message(b"one"), queue)

    asyncio.run(publish())


def test_a_broker_with_its_management_also_tells_how_fast_they_come_and_go():
    told = {
        "messages_ready": 5,
        "messages_unacknowledged": 2,
        "consumers": 1,
        "message_stats": {"publish": 70, "ack": 63},
    }
    with management({"/api/queues/%2F/chat%3Amessages": told}) as url:
        found, details = seen(RabbitMQ(f"amqp://{NOWHERE}/", "chat:messages", url))
    assert found == {
        "queue_ready": 5,
        "queue_unacknowledged": 2,
        "queue_consumers": 1,
        "queue_published": 70,
        "queue_acknowledged": 63,
    }
    assert not details


@contextmanager
def management(queues: Mapping[str, object]) -> Iterator[str]:
    """What RabbitMQ's management plugin answers, for a guest."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Authorization"] == "Basic Z3Vlc3Q6Z3Vlc3Q="
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(queues[self.path]).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def forking_server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server, and the URL at which its child listens until its input ends."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", FORKING], **pipes) as process:  # type: ignore[call-overload]
        yield process, f"http://127.0.0.1:{process.stdout.readline().strip()}"
        if not process.stdin.closed:
            process.stdin.close()


def test_a_process_is_found_by_its_port_and_those_beside_it_by_their_module():
    with forking_server() as (process, url):
        listener, companion = children(process.pid)
        assert processes.service("service", url).find() == {listener}
        assert processes.companions("writer", url, "some.module").find() == {companion}
        assert not processes.companions("writer", url, "some").find()
        assert processes.server("server", url, UNUSED_PORT).find() == {listener}
        assert set(family(process.pid)) == {process.pid, listener, companion}
        found, _ = seen(processes.Processes("all", lambda: list(family(process.pid))))
        assert found["process_memory_mb"] > 5
        assert found["process_cpu"] > 0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_process_that_has_ended_is_away():
    async def look(source: Source, process: subprocess.Popen[str]) -> None:
        await source.open()
        process.stdin.close()
        process.wait()
        await source.look()

    with forking_server() as (process, url), pytest.raises(AwayError, match="ended"):
        asyncio.run(look(processes.service("service", url), process))


def test_the_machine_tells_what_all_of_it_has_used():
    found, _ = seen(Machine())
    assert found["machine_cpu"] > 0


SCRIPT = f"""
from surgeline_systems.watching import processes
from surgeline_systems.watching.redis import Redis
from surgeline_systems.watching.watch import watch
import os

watch(
    processes.Processes("generator", lambda: [os.getpid()]),
    Redis("redis://{NOWHERE}/0"),
    duration="1200ms",
)
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_script_that_watches_tells_it_in_one_table(tmp_path: Path, workers: str):
    script, summary = tmp_path / "watched.py", tmp_path / "summary.json"
    script.write_text(SCRIPT)
    options = ["--workers", workers, "--quiet", "--no-run-file", "--summary-export", str(summary)]
    done = subprocess.run(
        [*COMMAND, "run", str(script), *options], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("watched ") == 1
    rows = {line.partition("  ")[0]: line for line in done.stderr.splitlines()}
    assert "cores" in rows["generator: cpu"]
    assert "Redis: not reachable all the time" in done.stderr
    metrics = json.loads(summary.read_text())["metrics"]
    assert metrics["process_memory_mb"]["values"]["value"] > 1
