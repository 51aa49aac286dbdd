"""Reading requests and writing answers: what is wrong with a request is a code, and not an exception."""

import asyncio
import json
from collections.abc import Mapping

import msgspec
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from surgeline_systems.application.errors import ApiError, error_handlers
from surgeline_systems.application.exchange import answer, read_json, read_parameters


class Order(msgspec.Struct, rename="camel"):
    order_id: int
    note: str = ""


class Parameters(msgspec.Struct):
    id: int
    limit: int = 20


def request_with(*parts: bytes, path: Mapping[str, str] | None = None, query: str = "") -> Request:
    """A request whose body comes in these parts."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "headers": [], "query_string": query.encode(), "path_params": path or {}}
    return Request(scope, receive)


def read(*parts: bytes, most_bytes: int = 100) -> Order:
    return asyncio.run(read_json(request_with(*parts), msgspec.json.Decoder(Order), most_bytes))


def test_a_body_is_read_however_it_comes():
    assert read(b'{"orderId"', b": 7}") == Order(7)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "MALFORMED_JSON"),
        (b"{", 400, "MALFORMED_JSON"),
        (b'{"note": "\xff"}', 400, "MALFORMED_JSON"),
        (b"[]", 422, "INVALID_BODY"),
        (b'{"orderId": "7"}', 422, "INVALID_BODY"),
        (b" " * 101, 413, "BODY_TOO_LARGE"),
    ],
    ids=["empty", "cut", "no-text", "list", "text-for-number", "long"],
)
def test_a_body_that_is_wrong_is_an_error_with_a_code(body: bytes, status: int, code: str):
    with pytest.raises(ApiError) as caught:
        read(body)
    assert (caught.value.status, caught.value.body.code) == (status, code)


def test_parameters_are_read_from_path_and_query():
    assert read_parameters(request_with(path={"id": "7"}, query="limit=5&other=1"), Parameters) == Parameters(7, 5)
    assert read_parameters(request_with(path={"id": "7"}), Parameters) == Parameters(7)
    with pytest.raises(ApiError) as caught:
        read_parameters(request_with(path={"id": "seven"}), Parameters)
    assert (caught.value.status, caught.value.body.code) == (422, "INVALID_PARAMETER")


def test_an_answer_is_json():
    made = answer(Order(7, "now"), 201, {"Location": "/orders/7"})
    assert (made.status_code, made.headers["content-type"]) == (201, "application/json")
    assert made.headers["location"] == "/orders/7"
    assert json.loads(made.body) == {"orderId": 7, "note": "now"}


class AwayError(Exception):
    """Something that a service stands on is away."""


@pytest.mark.parametrize(
    ("error", "status", "body", "headers"),
    [
        (
            ApiError(409, "TAKEN", {"by": "ann"}, {"X-By": "ann"}),
            409,
            {"code": "TAKEN", "error": {"by": "ann"}},
            "x-by",
        ),
        (HTTPException(405), 405, {"code": "METHOD_NOT_ALLOWED", "error": "Method Not Allowed"}, "content-type"),
        (AwayError("the cable"), 503, {"code": "UNAVAILABLE", "error": "not available now, try again"}, "retry-after"),
        (OSError("the cable"), 503, {"code": "UNAVAILABLE", "error": "not available now, try again"}, "retry-after"),
    ],
    ids=["ours", "the-framework's", "unavailable", "database"],
)
def test_every_error_has_one_shape(error: Exception, status: int, body: object, headers: str):
    handlers = error_handlers(AwayError)
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    made = asyncio.run(handler(request_with(), error))
    assert (made.status_code, json.loads(made.body)) == (status, body)
    assert headers in made.headers
