"""What a service answers to, said once: the routes, and the OpenAPI document at `/openapi.json`, come from it.

It must not know what any operation does.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from surgeline_systems.application.errors import ErrorBody

DOCUMENT_PATH = "/openapi.json"
REFERENCE = "#/components/schemas/{name}"
# By what names, and how, whoever asks says who he is: as the document has it.
Security = Mapping[str, Mapping[str, str]]
BEARER: Security = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
IN_PATH = re.compile(r"\{(\w+)")

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path, and what it takes and gives.

    `body` is the type of the JSON body. The fields of the struct `parameters` are in the path where the path names
    them, else in the query. `answers` are the types of what goes well, by status; `errors` the statuses that do not,
    which all answer an `ErrorBody`. `secured` ones want whoever asks to say who he is.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    body: type | None = None
    parameters: type[msgspec.Struct] | None = None
    answers: Mapping[int, Any]
    errors: Sequence[int] = field(default=())
    secured: bool = False


def routes(title: str, operations: Sequence[Operation], security: Security = BEARER) -> list[Route]:
    """The routes of the operations, and of the document that describes them. `security` is what secured ones want."""
    document = msgspec.json.encode(describe(title, operations, security))

    async def get_document(_request: Request) -> Response:
        """The OpenAPI document, made once."""
        return Response(document, media_type="application/json")

    handlers: dict[str, dict[str, Handler]] = {}
    for one in operations:
        handlers.setdefault(one.path, {})[one.method] = one.handler
    made = [Route(path, _by_method(methods), methods=[*methods]) for path, methods in handlers.items()]
    return [*made, Route(DOCUMENT_PATH, get_document, methods=["GET"])]


def _by_method(handlers: Mapping[str, Handler]) -> Handler:
    """One route for each path: so that whoever uses another method is told all that there are."""

    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return handle


def describe(title: str, operations: Sequence[Operation], security: Security = BEARER) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the operations."""
    schemas, components = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _describe(one, schemas, security)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": security},
    }


def _schemas(operations: Iterable[Operation]) -> tuple[Callable[[Any], Any], dict[str, Any]]:
    """A function from a type to its schema, and the schemas that these refer to."""
    kinds: list[Any] = [ErrorBody]
    for one in operations:
        kinds += [kind for kind in (one.body, one.parameters, *one.answers.values()) if kind is not None]
    kinds = list(dict.fromkeys(kinds))
    made, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    return dict(zip(kinds, made, strict=True)).__getitem__, components


def _describe(one: Operation, schema: Callable[[Any], Any], security: Security) -> dict[str, Any]:
    said: dict[str, Any] = {"operationId": _id(one), "summary": one.summary, "responses": {}}
    for status, kind in {**one.answers, **dict.fromkeys(one.errors, ErrorBody)}.items():
        said["responses"][str(status)] = _response(status, None if kind is None else schema(kind))
    if one.body is not None:
        said["requestBody"] = {"required": True, "content": _content(schema(one.body))}
    if one.parameters is not None:
        said["parameters"] = list(_parameters(one.path, one.parameters))
    if one.secured:
        said["security"] = [{scheme: []} for scheme in security]
    return said


def _response(status: int, schema: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema is not None:
        said["content"] = _content(schema)
    return said


def _content(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _parameters(path: str, kind: type[msgspec.Struct]) -> Iterable[dict[str, Any]]:
    in_path = set(IN_PATH.findall(path))
    for one in msgspec.structs.fields(kind):
        is_in_path = one.encode_name in in_path
        yield {
            "name": one.encode_name,
            "in": "path" if is_in_path else "query",
            "required": is_in_path or one.required,
            "schema": msgspec.json.schema(one.type),
        }


def _id(one: Operation) -> str:
    return getattr(one.handler, "__name__", one.summary)
