"""The table of operations: routes and the OpenAPI document say the same."""

import asyncio
import json

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.operations import DOCUMENT_PATH, Operation, describe, routes
from surgeline_systems.catalogue import NAMES, system_named


class Order(msgspec.Struct, rename="camel"):
    order_id: int


class Made(msgspec.Struct):
    id: str


class Parameters(msgspec.Struct, rename="camel"):
    order_id: int
    most_lines: int = 20


async def post_order(_request: Request) -> Response:
    return Response()


async def get_order(_request: Request) -> Response:
    return Response()


OPERATIONS = (
    Operation(
        method="POST",
        path="/orders",
        handler=post_order,
        summary="Order",
        body=Order,
        answers={201: Made},
        errors=(422,),
        secured=True,
    ),
    Operation(
        method="GET",
        path="/orders/{orderId}",
        handler=get_order,
        summary="What was ordered",
        parameters=Parameters,
        answers={200: Made, 204: None},
    ),
)


def test_each_operation_has_its_route_and_the_document_its_own():
    made = routes("orders", OPERATIONS)
    assert [(route.path, route.methods) for route in made] == [
        ("/orders", {"POST"}),
        ("/orders/{orderId}", {"GET", "HEAD"}),
        (DOCUMENT_PATH, {"GET", "HEAD"}),
    ]
    document = asyncio.run(made[-1].endpoint(Request({"type": "http"})))
    assert json.loads(document.body) == describe("orders", OPERATIONS)


def test_the_document_says_what_goes_in_and_comes_out():
    paths = describe("orders", OPERATIONS)["paths"]
    post = paths["/orders"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Order"}
    assert post["responses"]["201"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Made"}
    assert post["responses"]["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody")
    assert post["security"] == [{"bearer": []}]
    get = paths["/orders/{orderId}"]["get"]
    assert get["operationId"] == "get_order"
    assert "content" not in get["responses"]["204"]
    assert "security" not in get
    places = [(one["name"], one["in"], one["required"]) for one in get["parameters"]]
    assert places == [("orderId", "path", True), ("mostLines", "query", False)]


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_of_a_system_leads_somewhere(name: str):
    app = pytest.importorskip(f"{system_named(name).package}.app")
    document = describe(name, app.OPERATIONS)
    named = {f"#/components/schemas/{schema}" for schema in document["components"]["schemas"]}
    text = json.dumps(document)
    used = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert used <= named
    assert "/api/health" in document["paths"]
