"""Clients of the messages service: one that asks, and several that send as long as they are let."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from json_client import JsonClient

from conftest import query

PROCESS = "/internal/process-message"
STATS = "/internal/messages/stats"
PACKAGE = "surgeline_systems.messages"
LOOK_SECONDS = 0.02
# Longer than any machine takes, so that what hangs fails.
PATIENCE_SECONDS = 60.0


def user_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def message(key: str, **changes: Any) -> dict[str, Any]:
    """A message to the first user, as it is sent."""
    return {"userId": user_id(1), "messageType": "BIRTHDAY", "idempotencyKey": key, **changes}


class Client(JsonClient):
    """Somebody who asks about messages, or sends them."""

    def get(self, path: str) -> tuple[int, Any]:
        return self.request("GET", path)

    def send(self, message: dict[str, Any]) -> tuple[int, Any]:
        return self.request("POST", PROCESS, json.dumps(message).encode())


class Sender(Thread):
    """Sends one message after the other until it is told to stop or the service is gone.

    As a good client it repeats a message, with the same key, until it is accepted.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.accepted: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.stopped = Event()
        self._base_url = base_url

    def run(self) -> None:
        with Client(self._base_url) as client:
            try:
                while not self.stopped.is_set():
                    self._send(client, str(uuid4()))
            except (OSError, http.client.HTTPException):
                return

    def _send(self, client: Client, key: str) -> None:
        while key not in self.accepted and not self.stopped.is_set():
            status, answer = client.send(message(key))
            self.statuses[status] += 1
            if status == 202:
                self.accepted[key] = answer["id"]
            else:
                time.sleep(LOOK_SECONDS)


@contextmanager
def senders(base_url: str, number: int = 8) -> Iterator[Sequence[Sender]]:
    """Senders that send while the block runs."""
    started = [Sender(base_url) for _ in range(number)]
    for sender in started:
        sender.start()
    try:
        yield started
    finally:
        for sender in started:
            sender.stopped.set()
        for sender in started:
            sender.join()


def accepted_by(senders: Sequence[Sender]) -> dict[str, str]:
    """The ids of the messages that were answered 202, by their keys."""
    return {key: message_id for sender in senders for key, message_id in sender.accepted.items()}


def wait_until_each(senders: Sequence[Sender], status: int, times: int) -> None:
    """Wait until each of them was answered so, so many times from now on."""
    wanted = [(sender, sender.statuses[status] + times) for sender in senders]
    wait_until(lambda: all(sender.statuses[status] >= times for sender, times in wanted))


def wait_until_finished(base_url: str) -> None:
    """Wait until no message waits any more."""
    with Client(base_url) as client:
        wait_until(lambda: not unfinished(client))


def unfinished(client: Client) -> int:
    status, stats = client.get(STATS)
    assert status == 200
    return int(stats["pending"] + stats["processing"])


def wait_until(condition: Any) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "expected it to happen, waited for a minute"
        time.sleep(LOOK_SECONDS)


def add_users(database: str, number: int = 1) -> None:
    """The first users of the pool."""
    rows = "SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, n || '@test.com', 'UTC', '1990-01-31'"
    insert = f"INSERT INTO users (id, email, timezone, birthday) {rows} FROM generate_series(1, $1::int) AS n"
    query(database, insert, number)


def let_claims_run_out(database: str) -> None:
    """What a service claimed and did not finish is pending again, as if a minute had passed."""
    query(database, "UPDATE message_logs SET claimed_at = claimed_at - interval '1 hour' WHERE status = 'processing'")
