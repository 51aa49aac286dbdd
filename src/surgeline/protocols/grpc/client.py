"""The gRPC client of load scripts: what a script says of a server, and the calls that its users make.

Brings the parts together; must not know how a schema is read, a channel opened or a sample taken.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from surgeline._native.grpc_call import StreamingCall, UnaryCall
from surgeline._native.http2_connection import Channel
from surgeline.engine.scope import scope_here
from surgeline.engine.vu import VirtualUser
from surgeline.errors import OptionError
from surgeline.protocols.grpc.channels import Channels, Connections
from surgeline.protocols.grpc.messages import encoded
from surgeline.protocols.grpc.metadata import Metadata
from surgeline.protocols.grpc.outcome import expected_codes, outcome_of
from surgeline.protocols.grpc.reflection import reflected
from surgeline.protocols.grpc.requests import Requests
from surgeline.protocols.grpc.response import Response
from surgeline.protocols.grpc.samples import CallSample
from surgeline.protocols.grpc.schema import Method, Schema
from surgeline.protocols.grpc.sources import schema_of_protos, schema_of_set
from surgeline.protocols.grpc.stream import Opened, Stream
from surgeline.protocols.http.addresses import Place, parse_place
from surgeline.protocols.http.options import TLS
from surgeline.schedule.duration import parse_duration
from surgeline.script.collection import collecting
from surgeline.script.explained import explained

_OK = ("OK",)


class Client:
    """Calls the methods of a server's services. Made at the top of a script, used by all virtual users."""

    @explained("grpc.Client")
    def __init__(
        self,
        target: str,
        *,
        protos: Sequence[str] = (),
        include: Sequence[str] = (),
        descriptor_set: str | None = None,
        reflection: bool = False,
        tls: TLS | bool = False,
        metadata: Metadata | None = None,
        timeout: str | float = 60,
        connections: Connections = "vu",
    ) -> None:
        """Nothing is sent before the first call.

        - `target`: "host:port", or "unix:path".
        - `protos`: .proto files, compiled now, that are looked for in the folders `include` and in the script's own.
          Or `descriptor_set`: a file of `protoc --include_imports --descriptor_set_out`. Or `reflection`: the server is
          asked, by the first call.
        - `tls`: True, or `TLS(...)`; plain text unless given.
        - `metadata`: of every call. `timeout`: the deadline of each, where it has none of its own.
        - `connections`: "vu" gives each virtual user a connection of its own, "shared" one to all of a process.

        Raises OptionError for what cannot be used, also for files.
        """
        place = _place(target)
        self._target = target
        self._timeout_ns = _in_ns(timeout)
        self._channels = Channels(place, _tls(tls), connections)
        self._requests = Requests(self._channels.authority, is_secure=self._channels.is_secure, metadata=metadata)
        self._schema = _schema(_texts(protos, "protos"), _texts(include, "include"), descriptor_set, reflection)
        self._asking = asyncio.Lock()
        self._methods: dict[str, Method] = {}

    async def call(
        self,
        vu: VirtualUser,
        method: str,
        message: Mapping[str, Any] | Message | None = None,
        *,
        metadata: Metadata | None = None,
        timeout: str | float | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        expect: Iterable[str] = _OK,
    ) -> Response:
        """Call a unary method, "package.Service/Method", and return what it came to; a failed call does not raise.

        `message` has the fields by name. `name` is what metrics call it. `expect` are the statuses that are no failure.
        Raises ValueError for what cannot be sent.
        """
        channel = self._channels.of(vu)
        described = self._methods.get(method) or await self._find(method, channel)
        if described.rpc_type != "unary":
            raise ValueError(
                f"{described.path}: expected a unary method, found a {described.rpc_type}; use stream(...)"
            )
        request = encoded(message, described)
        timeout_ns = self._timeout_ns if timeout is None else _in_ns(timeout)
        head, fields = self._requests.begin(described.path, timeout_ns, metadata)
        with self._sample(vu, described, name, tags, expect) as sample:
            call = sample.call = UnaryCall(channel, head, fields, timeout_ns, request)
            await call
            outcome = outcome_of(call, described)
            sample.settle(outcome)
        return sample.response(outcome)

    def stream(
        self,
        vu: VirtualUser,
        method: str,
        *,
        metadata: Metadata | None = None,
        timeout: str | float | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        expect: Iterable[str] = _OK,
    ) -> Stream:
        """Return a stream of messages, for `async with`; the options are those of a call.

        Without `timeout` it may last for ever. Raises ValueError for what cannot be sent, when it is opened.
        """
        timeout_ns = None if timeout is None else _in_ns(timeout)

        async def opened() -> Opened:
            channel = self._channels.of(vu)
            described = self._methods.get(method) or await self._find(method, channel)
            if described.rpc_type == "unary":
                raise ValueError(f"{described.path}: expected a method that streams, found a unary one; use call(...)")
            sample = self._sample(vu, described, name, tags, expect)
            head, fields = self._requests.begin(described.path, timeout_ns, metadata)
            return described, sample, lambda: StreamingCall(channel, head, fields, timeout_ns)

        return Stream(opened)

    def _sample(
        self, vu: VirtualUser, method: Method, name: str | None, tags: Mapping[str, str] | None, expect: Iterable[str]
    ) -> CallSample:
        codes = expected_codes((expect,) if isinstance(expect, str) else tuple(expect))
        return CallSample(vu, scope_here(method.path), method, self._target, name, tags, codes)

    async def _find(self, name: str, channel: Channel) -> Method:
        async with self._asking:
            if self._schema is None:
                self._schema = await reflected(channel, self._requests, self._timeout_ns, self._target)
        method = self._methods[name] = self._schema.method(name)
        return method


def _place(target: object) -> Place:
    place = parse_place(target, "target") if isinstance(target, str) and "://" not in target else None
    if place is None or (place.port is None and place.path is None):
        raise OptionError(f'target: expected "host:port" or "unix:path", found {target!r}')
    return place


def _tls(tls: object) -> TLS | None:
    if isinstance(tls, bool):
        return TLS() if tls else None
    if not isinstance(tls, TLS):
        raise OptionError(f"tls: expected True or TLS(...), found {tls!r}")
    collection = collecting.get()
    return tls if collection is None else tls.found_from(collection.folder)


def _schema(
    protos: Sequence[str], include: Sequence[str], descriptor_set: str | None, reflection: bool
) -> Schema | None:
    """Return what the server offers; None where the server is to be asked."""
    given = [bool(protos), descriptor_set is not None, reflection]
    if sum(given) != 1:
        raise OptionError(f"grpc.Client: expected one of protos, descriptor_set and reflection, found {sum(given)}")
    if include and not protos:
        raise OptionError("include: expected protos beside it, found none")
    if protos:
        return schema_of_protos(protos, include)
    return None if descriptor_set is None else schema_of_set(descriptor_set)


def _texts(value: object, option: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        raise OptionError(f"{option}: expected a list of paths, found {value!r}")
    return tuple(value)


def _in_ns(timeout: str | float) -> int:
    duration = parse_duration(timeout, "timeout")
    if not duration:
        raise OptionError(f"timeout: expected a duration above 0, found {timeout!r}")
    return duration
