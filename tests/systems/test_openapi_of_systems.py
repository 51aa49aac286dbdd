"""What the services answer to all that their own OpenAPI documents allow, and to what these forbid."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from chat_support import PASSWORD as CHAT_PASSWORD
from chat_support import Client
from conversations_support import FIXTURES
from schemathesis.engine import Status, events, from_schema

from conftest import migrated_database, query
from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Unseen
from surgeline_systems.application.operations import DOCUMENT_PATH
from surgeline_systems.application.server import running_service
from surgeline_systems.catalogue import system_named
from surgeline_systems.conversations.seeds import PASSWORD
from surgeline_systems.conversations.settings import DEMO_SECRET
from surgeline_systems.conversations.tokens import Caller, Tokens
from surgeline_systems.servers.postgres import Postgres
from surgeline_systems.system import System

_, redis_url, _ = FIXTURES

# How much is seeded; in `chat` there is what its users make.
SIZES: Mapping[str, Mapping[str, str] | None] = {
    "chat": None,
    "challenges": {"USERS": "20"},
    "conversations": {"CHURCHES": "4", "USERS": "20"},
    "coupons": {"USERS": "20", "COUPONS": "20"},
    "messages": {"USERS": "20"},
}
# Limits on how often one may ask are tested elsewhere.
SETTINGS: Mapping[str, Mapping[str, str]] = {
    # Any token is believed: the one here is another system's. Nobody looks at the metrics, nobody sends events.
    "challenges": {"PLUGIN_GRPC_SERVER_AUTH_ENABLED": "false", "METRICS_PORT": "0", "EVENT_PORT": "0"},
    "conversations": {"SEND_LIMIT": "1000000", "LOGIN_LIMIT": "1000000"},
}
USER_ID = "00000000-0000-4000-8000-000000000001"
MESSAGE_ID = "3f0e7a52-8f9c-4c1b-9d53-2f4a1c6e7b80"
# What is asked for must be there, which no value by chance ever is: rows beside the seeded ones, and parts of a
# request, by operation.
ROWS: Mapping[str, str] = {
    "challenges": "UPDATE user_goal_progress SET completed_at = now()",
    "messages": f"""
        INSERT INTO message_logs (id, user_id, message_type, idempotency_key)
        VALUES ('{MESSAGE_ID}', '{USER_ID}', 'BIRTHDAY', 'known')
    """,
}
# Whoever does that has no session for all the rest.
SIGNING_OUT = {"path": "/api/v1/sessions", "method": "DELETE"}
CHURCH_ID = "church-00001"
IN_PATH = {"path_parameters": {"id": "c0000000-0000-4000-8000-000000000001"}}
KNOWN: dict[str, Mapping[str, Mapping[str, Any]]] = {
    "POST /challenge/v1/challenges/{challengeId}/goals/{goalId}/claim": {
        "path_parameters": {"challengeId": "challenge-001", "goalId": "challenge-001-goal-001"}
    },
    "POST /internal/process-message": {"body": {"userId": USER_ID}},
    "GET /internal/messages/{id}": {"path_parameters": {"id": MESSAGE_ID}},
    "POST /auth/register": {"body": {"churchId": CHURCH_ID}},
    "POST /auth/login": {"body": {"email": "user.1@churches.example", "password": PASSWORD}},
    "POST /messages/send": {"body": {"conversationId": IN_PATH["path_parameters"]["id"]}},
    "GET /messages/conversations/{id}": IN_PATH,
    "POST /messages/conversations/{id}/reply": IN_PATH,
    "POST /messages/conversations/{id}/read": IN_PATH,
}
TOKEN = Tokens(DEMO_SECRET, seconds=3_600).issue(Caller(UUID(USER_ID), CHURCH_ID, "admin"))
# Few examples of each kind, the same ones each time; nothing that one run finds is kept for the next.
CONFIG = {
    "seed": 1,
    "generation": {"max-examples": 5, "deterministic": True, "no-shrink": True, "database": "none"},
}
EXPECTED_CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
}


def take_part(base_url: str) -> str:
    """Have somebody say something in a chat, and make that known; gives the session."""
    with Client(base_url) as client:
        messages = client.sign_up().chat()
        client.say(messages)
        token, session = messages.split("/")[4], client.session()
    application, chat = "/api/v1/applications/{token}", "/api/v1/applications/{token}/chats/{number}/messages"
    KNOWN[f"PUT {application}"] = KNOWN[f"GET {application}"] = {"path_parameters": {"token": token}}
    KNOWN[f"POST {application}/chats"] = KNOWN[f"GET {application}/chats"] = {"path_parameters": {"token": token}}
    for operation in (f"GET {chat}", f"POST {chat}", f"GET {chat}/search"):
        KNOWN[operation] = {"path_parameters": {"token": token, "number": 1}}
    KNOWN[f"GET {chat}/{{message}}"] = {"path_parameters": {"token": token, "number": 1, "message": 1}}
    KNOWN["POST /api/v1/sessions"] = {"body": {"email": client.email, "password": CHAT_PASSWORD}}
    return session


class Found:
    """What the answers of a service came to."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.checks: Counter[str] = Counter()
        self.answered: set[tuple[str, int]] = set()

    def add(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.NonFatalError | events.FatalError | events.SchemaAnalysisWarnings):
            self.complaints.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                self._add_case(event.recorder, case_id, checks)

    def _add_case(self, recorder: Any, case_id: str, checks: list[Any]) -> None:
        self.checks.update(check.name for check in checks)
        self.complaints += [_told(recorder.label, check) for check in checks if check.status != Status.SUCCESS]
        response = recorder.interactions[case_id].response
        assert response is not None
        self.answered.add((recorder.cases[case_id].value.operation.label, response.status_code))


def _told(label: str, check: Any) -> str:
    return f"{label}: {check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"


@schemathesis.hook
def before_call(_context: Any, case: schemathesis.Case, _kwargs: Any) -> None:
    """Ask for what is there, where a case is to be accepted."""
    if case.meta.generation.mode.is_positive:
        for part, known in KNOWN.get(case.operation.label, {}).items():
            setattr(case, part, {**(getattr(case, part) or {}), **known})


@pytest.fixture(scope="module", params=sorted(SIZES))
def system(request: pytest.FixtureRequest) -> System:
    return system_named(request.param)


@pytest.fixture(scope="module")
def base_url(request: pytest.FixtureRequest, server: Postgres, system: System) -> Iterator[str]:
    redis = {"REDIS_URL": request.getfixturevalue("redis_url")} if system.needs_redis else {}
    with migrated_database(server, system, "openapi") as url:
        sizes = SIZES[system.name]
        if sizes is not None:
            with connect(url) as database:
                apply(database, load_declarations(system.seeds, sizes), Unseen())
        query(url, ROWS.get(system.name, ""))
        settings = {"DATABASE_URL": url, **redis, **SETTINGS.get(system.name, {})}
        with running_service(system.package, settings) as base_url:
            yield base_url


def test_answers_are_as_the_document_says(base_url: str, system: System):
    auth = {"session": {"api_key": take_part(base_url)}} if system.name == "chat" else {"bearer": {"bearer": TOKEN}}
    config = schemathesis.Config.from_dict({**CONFIG, "auth": {"openapi": auth}})
    schema = schemathesis.openapi.from_url(base_url + DOCUMENT_PATH, config=config).exclude(**SIGNING_OUT)
    found = Found()
    for event in from_schema(schema).execute():
        found.add(event)
    assert found.complaints == []
    assert found.checks.keys() >= EXPECTED_CHECKS
    assert found.answered >= set(_promised(schema.raw_schema))


def _promised(document: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Every operation with every status of what goes well: all of these must have been seen."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if {"path": path, "method": method.upper()} == SIGNING_OUT:
                continue
            for status in operation["responses"]:
                if status.startswith("2"):
                    yield f"{method.upper()} {path}", int(status)
