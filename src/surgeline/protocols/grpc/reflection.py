"""Asks a server what it offers: gRPC's server reflection, version 1 and, where a server has only that, 1 alpha.

Must not know what the answer is used for.
"""

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from surgeline._native.grpc_call import StreamingCall
from surgeline._native.http2_connection import Channel
from surgeline.protocols.grpc.outcome import STATUSES, end_of
from surgeline.protocols.grpc.requests import Requests
from surgeline.protocols.grpc.schema import Schema

_VERSIONS = ("v1", "v1alpha")
"""Their messages are the same."""
_OWN = "grpc.reflection."
_UNIMPLEMENTED = STATUSES.index("UNIMPLEMENTED")


class _NoAnswerError(Exception):
    """The server ended the call."""


async def reflected(channel: Channel, requests: Requests, timeout_ns: int, target: str) -> Schema:
    """Return what the server offers. Raises RuntimeError where it does not say."""
    reasons = []
    for version in _VERSIONS:
        path = f"/{_OWN}{version}.ServerReflection/ServerReflectionInfo"
        head, fields = requests.begin(path, timeout_ns, None)
        call = StreamingCall(channel, head, fields, timeout_ns)
        try:
            files = await _files(call)
        except _NoAnswerError:
            outcome = end_of(call)
            reasons.append(f"{outcome.status}: {outcome.error}")
            if outcome.code != _UNIMPLEMENTED:
                break
        else:
            return Schema(files, f"the reflection of {target}")
        finally:
            call.half_close()
    raise RuntimeError(f"reflection: expected {target} to say what it offers, found {reasons[-1]}; give protos=[...]")


async def _files(call: StreamingCall) -> list[FileDescriptorProto]:
    """Return the files of all services, and what they import."""
    answer = await _ask(call, ServerReflectionRequest(list_services=""))
    services = [service.name for service in answer.list_services_response.service]
    known: dict[str, FileDescriptorProto] = {}
    for service in services:
        if not service.startswith(_OWN):
            await _learn(call, ServerReflectionRequest(file_containing_symbol=service), known)
    while missing := _missing(known.values()):
        for name in missing:
            await _learn(call, ServerReflectionRequest(file_by_filename=name), known)
            known.setdefault(name, FileDescriptorProto(name=name))  # a server that does not say is asked once
    return list(known.values())


async def _learn(call: StreamingCall, question: Any, known: dict[str, FileDescriptorProto]) -> None:
    answer = await _ask(call, question)
    for raw in answer.file_descriptor_response.file_descriptor_proto:
        file = FileDescriptorProto.FromString(raw)
        known[file.name] = file


def _missing(files: Iterable[FileDescriptorProto]) -> set[str]:
    there = {file.name for file in files}
    return {name for file in files for name in file.dependency} - there


async def _ask(call: StreamingCall, question: Any) -> Any:
    """Return the answer to a question. Raises _NoAnswerError."""
    await call.write(question.SerializeToString())
    raw = await call.read()
    if raw is None:
        raise _NoAnswerError
    return ServerReflectionResponse.FromString(raw)
