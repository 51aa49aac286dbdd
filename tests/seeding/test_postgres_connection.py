"""Connections to PostgreSQL: refused, cut off, interrupted, and what is left of them afterwards."""

import asyncio
import gc
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from database_support import ignore

from surgeline.seeding.connect import connect
from surgeline.seeding.database import Batch, Database, DatabaseError
from surgeline.seeding.url import DatabaseURL, parse_url


@pytest.fixture
def database(postgres_database: Database) -> Database:
    return postgres_database


class TestConnecting:
    @pytest.fixture
    def refused(self, postgres_place: Any) -> Any:
        def message(**changes: Any) -> str:
            with pytest.raises(DatabaseError) as caught, connect(replace(parse_url(postgres_place.url), **changes)):
                pytest.fail("it connected")
            assert "secret" not in str(caught.value)
            return str(caught.value)

        return message

    def test_no_server_there(self, refused: Any) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and does not listen
            port = taken.getsockname()[1]
            message = refused(host="127.0.0.1", port=port, password="secret")
        assert f"127.0.0.1:{port}" in message
        assert "Start the server, or correct the URL" in message

    def test_a_host_that_nobody_knows(self, refused: Any) -> None:
        assert "nowhere.invalid:5432" in refused(host="nowhere.invalid", port=None, password="secret")

    def test_a_missing_database(self, refused: Any) -> None:
        message = refused(database="surgeline_test_nowhere")
        assert "'surgeline_test_nowhere'" in message
        assert "make it" in message

    def test_a_user_that_is_not_there(self, refused: Any) -> None:
        message = refused(user="nobody_there", password="secret")
        assert "'nobody_there'" in message

    def test_a_server_that_speaks_something_else(self, refused: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:

            def answer() -> None:
                with suppress(OSError):
                    client, _ = server.accept()
                    with client:
                        client.recv(1000)
                        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            message = refused(host="127.0.0.1", port=server.getsockname()[1], password="secret")
            thread.join()
        assert "PostgreSQL" in message

    def test_an_option_that_cannot_be_read(self, refused: Any) -> None:
        assert "options" in refused(options={"sslmode": "secret"})

    @pytest.mark.parametrize("password", ["p@ss/w:rd#?%&=é ", "%41", "+", ""])
    def test_user_and_password_reach_the_server_as_they_were_meant(self, password: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            url = DatabaseURL("postgresql", "my db?", host="127.0.0.1", port=port, user="m@e:", password=password)
            assert self.said_to(server, url) == ("m@e:", "my db?", password)

    def test_a_server_behind_a_socket_is_reached(self) -> None:
        with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
            server.bind(f"{folder}/.s.PGSQL.5433")
            server.listen()
            url = parse_url(f"postgresql://me:pw@/shop?host={folder}&port=5433")
            assert self.said_to(server, url) == ("me", "shop", "pw")

    def said_to(self, server: socket.socket, url: DatabaseURL) -> tuple[str, ...]:
        """User, database and password that a server is told which asks for the password as it is."""
        received: list[bytes] = []

        def ask_for_the_password() -> None:
            client, _ = server.accept()
            with client:
                message = client.recv(1000)
                if len(message) == 8:  # does it speak TLS?
                    client.sendall(b"N")
                    message = client.recv(1000)
                received.extend(message[8:].split(b"\0"))
                client.sendall(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))
                received.append(client.recv(1000)[5:-1])

        thread = threading.Thread(target=ask_for_the_password, daemon=True)
        thread.start()
        with pytest.raises(DatabaseError), connect(url):
            pytest.fail("it connected")
        thread.join()
        told = [received[received.index(name) + 1] for name in (b"user", b"database")]
        return tuple(value.decode() for value in (*told, received[-1]))


class TestLoop:
    def test_the_thread_keeps_the_loop_that_it_has(self, postgres_place: Any) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            with connect(postgres_place.url) as database:
                assert database.fetch("SELECT 1") == [(1,)]
            assert asyncio.get_event_loop_policy().get_event_loop() is loop
            assert loop.run_until_complete(asyncio.sleep(0, "still there")) == "still there"
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def test_it_works_in_any_thread(self, postgres_place: Any) -> None:
        found: list[Any] = []

        def ask() -> None:
            with connect(postgres_place.url) as database:
                found.extend(database.fetch("SELECT 1"))

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert found == [(1,)]

    def test_nothing_is_left_behind(self, postgres_place: Any) -> None:
        before = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(3):
                with connect(postgres_place.url) as database:
                    database.fetch("SELECT 1")
                with suppress(ValueError), connect(postgres_place.url) as database, database.transaction():
                    raise ValueError
                with suppress(DatabaseError), connect("postgresql://127.0.0.1:1/nowhere"):
                    pass
            gc.collect()
        if sys.platform == "linux":
            assert len(list(Path("/proc/self/fd").iterdir())) <= before

    def test_a_running_loop_is_refused_without_leaving_a_coroutine_behind(self, database: Database) -> None:
        async def ask() -> None:
            with pytest.raises(RuntimeError, match="running event loop"):
                database.fetch("SELECT 1")

        asyncio.run(ask())
        gc.collect()
        assert database.fetch("SELECT 1") == [(1,)]


INTERRUPTED = """
import os, signal, sys, threading
from surgeline.seeding.connect import connect
from surgeline.seeding.database import Batch

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def batches():
    for number in range(10_000):
        if number == 5 and sys.argv[2] == "load":
            interrupt()
        yield Batch(1000, [range(number * 1000, number * 1000 + 1000)])

with connect(sys.argv[1]) as database:
    try:
        with database.transaction():
            database.load("held", ["id"], [Batch(2, [[-1, -2]])], lambda rows: None)
            if sys.argv[2] == "statement":
                database.execute("SELECT pg_notify('ready', '')")
                print("ready", flush=True)
                database.execute("SELECT pg_sleep(60)")
            database.load("held", ["id"], batches(), lambda rows: None)
    except KeyboardInterrupt:
        print("interrupted", database.fetch("SELECT count(*) FROM held"), flush=True)
"""


class TestInterrupts:
    def test_a_server_that_takes_no_more_and_is_gone_ends_the_load(
        self, database: Database, postgres_place: Any
    ) -> None:
        """COPY waits for the table, so that all buffers fill up; then the connection is cut."""
        database.execute("CREATE TABLE held (filler text)")
        made = 0
        raised: list[Exception] = []

        def batches() -> Iterator[Batch]:
            nonlocal made
            for _ in range(1000):
                made += 1
                yield Batch(1000, [["x" * 1000] * 1000])

        def fill() -> None:
            try:
                with connect(postgres_place.url) as victim:
                    victim.load("held", ["filler"], batches(), ignore)
            except DatabaseError as error:
                raised.append(error)

        with database.transaction():
            database.execute("LOCK TABLE held")
            thread = threading.Thread(target=fill)
            thread.start()
            waiting = "FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event_type = 'Lock'"
            before = -1
            while made != before or not database.fetch(f"SELECT 1 {waiting}"):
                before = made
                database.fetch("SELECT count(*) FROM generate_series(1, 200000)")
            database.fetch(f"SELECT pg_terminate_backend(pid) {waiting}")
            thread.join()
        assert len(raised) == 1
        assert made < 1000

    @pytest.mark.parametrize("during", ["load", "statement"])
    def test_an_interrupt_undoes_the_transaction(self, database: Database, postgres_place: Any, during: str) -> None:
        database.execute("CREATE TABLE held (id int)")
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", INTERRUPTED, postgres_place.url, during],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None
            if during == "statement":
                assert child.stdout.readline() == "ready\n"
                self.wait_until_it_sleeps(database)
                child.send_signal(signal.SIGINT)
            output, errors = child.communicate(timeout=30)
        assert (output, errors) == ("interrupted [(0,)]\n", "")
        assert database.fetch("SELECT count(*) FROM held") == [(0,)]

    def wait_until_it_sleeps(self, database: Database) -> None:
        sleeping = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        while not database.fetch(sleeping):
            pass

    def test_a_killed_process_leaves_nothing_behind(self, database: Database, postgres_place: Any) -> None:
        if int(database.target.version.split(".")[0]) < 14:
            pytest.skip("the server does not notice before the end of the statement")
        database.execute("CREATE TABLE held (id int); SET statement_timeout = '20s'")
        with subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, postgres_place.url, "statement"], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            self.wait_until_it_sleeps(database)
            child.kill()
        database.execute("LOCK TABLE held; DROP TABLE held")  # which waits for the server to notice
        assert database.fetch("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == [(0,)]
