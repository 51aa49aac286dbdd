"""What the messages service answers, asked over HTTP, from a real database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from messages_client import PROCESS, STATS, Client, message, user_id, wait_until_finished

from conftest import query
from surgeline_systems.application.server import settings_of
from surgeline_systems.application.settings import SettingsError

SYSTEM = "messages"
SIZES = {"USERS": "50"}
ABSENT = "48974710-dc08-48ef-824f-c217f6a2bee6"

MALFORMED = [
    (b"", 400),
    (b"{", 400),
    (b'{"idempotencyKey": "\xff"}', 400),
    (b"[]", 422),
    (b"{}", 422),
    (b" " * 70_000, 413),
]
WRONG_FIELDS: list[dict[str, Any]] = [
    {"userId": "somebody"},
    {"userId": 1},
    {"messageType": "EASTER"},
    {"messageType": "birthday"},
    {"messageType": None},
    {"idempotencyKey": ""},
    {"idempotencyKey": "k" * 201},
    {"idempotencyKey": "a\0b"},
    {"message": "a\0b"},
    {"message": "m" * 5_001},
    {"message": 1},
]


@pytest.fixture(scope="module")
def client(service: str) -> Iterator[Client]:
    with Client(service) as client:
        yield client


@pytest.fixture
def key() -> str:
    return str(uuid4())


def rows_with(database: str, key: str) -> list[dict[str, Any]]:
    return [dict(row) for row in query(database, "SELECT * FROM message_logs WHERE idempotency_key = $1", key)]


def test_a_message_is_accepted_then_delivered(client: Client, service: str, key: str):
    status, receipt = client.send(message(key, userId=user_id(50), messageType="ANNIVERSARY", message="Ten years!"))
    assert (status, receipt) == (202, {"id": receipt["id"], "status": "pending", "duplicate": False})
    wait_until_finished(service)
    status, told = client.get(f"/internal/messages/{receipt['id']}")
    assert status == 200
    created_at, sent_at = (datetime.fromisoformat(told.pop(field)) for field in ("createdAt", "sentAt"))
    assert created_at < sent_at
    assert told == {
        "id": receipt["id"],
        "userId": user_id(50),
        "messageType": "ANNIVERSARY",
        "idempotencyKey": key,
        "status": "sent",
        "attempts": 1,
    }


def test_the_same_message_again_is_the_same_message(client: Client, service: str, seeded_database: str, key: str):
    _, first = client.send(message(key, message="Hello"))
    wait_until_finished(service)
    status, again = client.send(message(key, message="Hello"))
    assert (status, again) == (202, {"id": first["id"], "status": "sent", "duplicate": True})
    (row,) = rows_with(seeded_database, key)
    assert (row["body"], row["attempts"]) == ("Hello", 1)


@pytest.mark.parametrize(
    "changes",
    [{"userId": user_id(2)}, {"messageType": "ANNIVERSARY"}, {"message": "Bye"}, {"message": None}],
    ids=lambda changes: next(iter(changes)),
)
def test_the_key_of_another_message_is_refused(client: Client, key: str, changes: dict[str, Any]):
    client.send(message(key, message="Hello"))
    status, answer = client.send(message(key, **{"message": "Hello", **changes}))
    assert (status, answer["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_an_unknown_user_is_refused_as_the_database_says(client: Client, seeded_database: str, key: str):
    status, answer = client.send(message(key, userId=ABSENT))
    assert (status, answer) == (
        409,
        {
            "code": "DATABASE_ERROR",
            "error": {
                "name": "PostgresError",
                "code": "23503",
                "detail": f'Key (user_id)=({ABSENT}) is not present in table "users".',
                "constraint_name": "message_logs_user_id_users_id_fk",
            },
        },
    )
    assert rows_with(seeded_database, key) == []
    assert client.send(message(key))[0] == 202


@pytest.mark.parametrize("round_", range(5))
def test_twins_at_the_same_moment_are_one_message(service: str, seeded_database: str, key: str, round_: int):
    together = Barrier(20)

    def send(_number: int) -> tuple[int, Any]:
        with Client(service) as client:
            client.get(STATS)  # connected before all begin
            together.wait()
            return client.send(message(key))

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))
    (row,) = rows_with(seeded_database, key)
    assert [(status, answer["id"]) for status, answer in answers] == [(202, str(row["id"]))] * 20
    assert [answer["duplicate"] for _, answer in answers].count(False) == 1
    wait_until_finished(service)
    assert rows_with(seeded_database, key)[0]["attempts"] == 1


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_malformed_bodies_are_refused(client: Client, number: int):
    body, expected = MALFORMED[number]
    status, answer = client.request("POST", PROCESS, body)
    assert status == expected
    assert answer["error"]


@pytest.mark.parametrize("number", range(len(WRONG_FIELDS)))
def test_wrong_fields_are_refused_by_name(client: Client, key: str, number: int):
    changes = WRONG_FIELDS[number]
    status, answer = client.send(message(key, **changes))
    assert (status, answer["code"]) == (422, "INVALID_BODY")
    assert next(iter(changes)) in answer["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PROCESS, 405),
        ("POST", STATS, 405),
        ("GET", f"/internal/messages/{ABSENT}", 404),
        ("GET", "/internal/messages/first", 422),
        ("GET", "/nothing", 404),
    ],
)
def test_other_requests_are_refused_in_json(client: Client, method: str, path: str, status: int):
    found, answer = client.request(method, path)
    assert found == status
    assert answer["error"]


def test_the_longest_message_fits_however_it_is_written(client: Client, seeded_database: str):
    key, text = "\N{PARTY POPPER}" * 200, "\N{WRAPPED PRESENT}" * 5_000
    assert client.send(message(key, message=text))[0] == 202
    (row,) = rows_with(seeded_database, key)
    assert row["body"] == text


def test_stats_count_by_status(client: Client, service: str, seeded_database: str):
    wait_until_finished(service)
    _, before = client.get(STATS)
    (there,) = query(seeded_database, "SELECT count(*) FROM message_logs")
    assert before == {"workers": 8, "pending": 0, "processing": 0, "sent": there["count"], "failed": 0}
    for _ in range(30):
        client.send(message(str(uuid4())))
    wait_until_finished(service)
    assert client.get(STATS) == (200, {**before, "sent": before["sent"] + 30})


def test_a_message_that_was_tried_too_often_is_given_up(client: Client, service: str, seeded_database: str, key: str):
    _, before = client.get(STATS)
    insert = """
        INSERT INTO message_logs (user_id, message_type, idempotency_key, status, attempts, claimed_at)
        VALUES ($1, 'BIRTHDAY', $2, 'processing', 5, now() - interval '1 hour')
    """
    query(seeded_database, insert, user_id(1), key)
    wait_until_finished(service)
    (row,) = rows_with(seeded_database, key)
    _, told = client.get(f"/internal/messages/{row['id']}")
    assert (told["status"], told["sentAt"]) == ("failed", None)
    assert client.get(STATS)[1]["failed"] == before["failed"] + 1


def test_health_says_how_the_service_is(client: Client, service: str):
    wait_until_finished(service)
    status, health = client.get("/api/health")
    assert status == 200
    assert 10_000_000 < health.pop("memoryBytes") < 1_000_000_000
    assert health == {"status": "healthy", "pending": 0, "processing": 0, "workers": 8, "databaseConnections": 10}


@pytest.mark.parametrize("wrong", [{"WORKERS": "0"}, {"WORKERS": "many"}, {"DELIVERY_MS": "1001"}], ids=str)
def test_wrong_settings_are_refused_by_name(wrong: dict[str, str]):
    ((name, value),) = wrong.items()
    with pytest.raises(SettingsError, match=f"expected {name} to be a whole number from .*, found '{value}'"):
        settings_of("surgeline_systems.messages", {"DATABASE_URL": "postgresql://nowhere", **wrong})
