"""What the service answers, asked over HTTP, from a real database."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from coupons_support import SIZES, VALIDATE, Client, questions

from conftest import query
from surgeline_systems.application.server import running_service, serve
from surgeline_systems.coupons.rules import Reason
from surgeline_systems.coupons.settings import Settings
from surgeline_systems.coupons.validation_log import CAPACITY
from surgeline_systems.servers.launch import ServerError
from surgeline_systems.system import System

SYSTEM = "coupons"

ROWS = """
    INSERT INTO users (id, email, name) VALUES ('ann', 'ann@example.com', 'Ann'), ('bob', 'bob@example.com', 'Bob');

    INSERT INTO coupons (code, type, status, user_id, valid_from, valid_until, max_uses, uses_per_user)
    SELECT code, CASE WHEN owner IS NULL THEN 'time_specific' ELSE 'user_specific' END, status, owner,
           now() + valid_from::interval, now() + valid_until::interval, max_uses, uses_per_user
    FROM (VALUES
        ('EVERYONE',      NULL,  'active',   '-1 day', '1 day',   100, 1),
        ('OF-ANN',        'ann', 'active',   '-1 day', '1 day',   1,   1),
        ('OFF',           NULL,  'inactive', '-1 day', '1 day',   100, 1),
        ('OFF-AND-OVER',  NULL,  'inactive', '-2 day', '-1 day',  100, 1),
        ('SAID-EXPIRED',  NULL,  'expired',  '-1 day', '1 day',   100, 1),
        ('OVER',          NULL,  'active',   '-2 day', '-1 sec',  100, 1),
        ('SOON',          NULL,  'active',   '1 min',  '1 day',   100, 1),
        ('USED-BY-ANN',   NULL,  'active',   '-1 day', '1 day',   100, 1),
        ('TWICE-EACH',    NULL,  'active',   '-1 day', '1 day',   100, 2),
        ('ALL-USED',      NULL,  'active',   '-1 day', '1 day',   1,   1),
        ('OF-ANN-USED',   'ann', 'active',   '-1 day', '1 day',   1,   1)
    ) AS coupon (code, owner, status, valid_from, valid_until, max_uses, uses_per_user);

    INSERT INTO coupon_usage (coupon_id, user_id)
    SELECT id, 'ann' FROM coupons WHERE code IN ('USED-BY-ANN', 'TWICE-EACH', 'ALL-USED', 'OF-ANN-USED')
"""
UNDO = """
    DELETE FROM coupon_usage WHERE user_id = 'ann';
    DELETE FROM coupons WHERE code ~ '^[A-Z-]+$';
    DELETE FROM users WHERE id IN ('ann', 'bob')
"""

CASES = [
    ("EVERYONE", "ann", None),
    ("OF-ANN", "ann", None),
    ("USED-BY-ANN", "bob", None),
    ("TWICE-EACH", "ann", None),
    ("NO-SUCH-CODE", "ann", "unknown_code"),
    ("everyone", "ann", "unknown_code"),
    ("NO-SUCH-CODE", "nobody", "unknown_code"),
    ("EVERYONE", "nobody", "unknown_user"),
    ("OFF", "ann", "inactive"),
    ("OFF-AND-OVER", "ann", "inactive"),
    ("SAID-EXPIRED", "ann", "expired"),
    ("OVER", "ann", "expired"),
    ("SOON", "ann", "not_yet_valid"),
    ("OF-ANN", "bob", "other_user"),
    ("OF-ANN-USED", "bob", "other_user"),
    ("USED-BY-ANN", "ann", "used_up"),
    ("ALL-USED", "bob", "used_up"),
    ("OF-ANN-USED", "ann", "used_up"),
]

MALFORMED = [
    (b"", 400),
    (b"{", 400),
    (b'{"code": "\xff", "userId": "ann"}', 400),
    (b'{"code": "\\ud800", "userId": "ann"}', 400),
    (b"[]", 422),
    (b"{}", 422),
    (b'{"code": "A"}', 422),
    (b'{"code": 1, "userId": "ann"}', 422),
    (b'{"code": null, "userId": "ann"}', 422),
    (b'{"code": "", "userId": "ann"}', 422),
    (b'{"code": "A\\u0000", "userId": "ann"}', 422),
    (b'{"code": "' + b"A" * 129 + b'", "userId": "ann"}', 422),
    (b" " * 5_000, 413),
]

# Of each error, what programs go by.
CODES = {
    400: "MALFORMED_JSON",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "BODY_TOO_LARGE",
    422: "INVALID_BODY",
}


@pytest.fixture(scope="module")
def client(service: str, seeded_database: str) -> Iterator[Client]:
    for statement in ROWS.split(";"):
        query(seeded_database, statement)
    with Client(service) as client:
        yield client
    for statement in UNDO.split(";"):
        query(seeded_database, statement)


@pytest.mark.parametrize(("code", "user", "reason"), CASES)
def test_tells_whether_and_why_not(client: Client, code: str, user: str, reason: str | None):
    assert client.validate(code, user) == (200, {"valid": reason is None, "reason": reason})


def test_every_reason_has_a_case():
    assert {reason for _, _, reason in CASES} == {None, *Reason}


def test_answers_are_those_that_the_declaration_foretells(client: Client):
    asked = list(questions(SIZES, 400))
    answers = [client.validate(question.code, question.user_id) for question in asked]
    assert answers == [(200, {"valid": q.reason is None, "reason": q.reason}) for q in asked]
    assert {question.reason for question in asked} == {None, *Reason} - {Reason.UNKNOWN_USER}


@pytest.mark.parametrize(("body", "status"), MALFORMED)
def test_refuses_malformed_questions_in_json(client: Client, body: bytes, status: int):
    found, answer = client.request("POST", VALIDATE, body)
    assert (found, answer["code"]) == (status, CODES[status])
    assert answer["error"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", VALIDATE, 405), ("GET", "/nothing", 404)])
def test_refuses_other_requests_in_json(client: Client, method: str, path: str, status: int):
    found, answer = client.request(method, path)
    assert (found, answer["code"]) == (status, CODES[status])
    assert answer["error"]


def test_health_counts_the_logs_that_wait(client: Client):
    client.validate("EVERYONE", "ann")
    status, answer = client.request("GET", "/api/health")
    assert status == 200
    assert answer["status"] == "healthy"
    assert 0 <= answer["validationLogQueueSize"] <= CAPACITY


def test_a_port_that_is_taken_is_not_shared(system: System, service: str, seeded_database: str):
    port = urlsplit(service).port
    environment = {"DATABASE_URL": seeded_database}
    with (
        pytest.raises(ServerError, match=f"port {port} to be free"),
        running_service(system.package, environment, port),
    ):
        pass
    with pytest.raises(ServerError, match=f"port {port} to be free"):
        serve(system.package, Settings(database_url=seeded_database, port=port))
