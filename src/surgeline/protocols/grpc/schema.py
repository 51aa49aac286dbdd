"""What a server offers: services, methods and their messages, made of descriptors when a script is loaded.

Must not know where descriptors come from, nor how calls are made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default, DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from surgeline.errors import OptionError
from surgeline.judge.refusals import suggest

RPCType = Literal["unary", "client_stream", "server_stream", "bidi_stream"]
_TYPES: dict[tuple[bool, bool], RPCType] = {
    (False, False): "unary",
    (True, False): "client_stream",
    (False, True): "server_stream",
    (True, True): "bidi_stream",
}


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a service; `request` and `response` are the classes of its messages."""

    path: str
    """What the wire calls it: `/package.Service/Method`."""
    service: str
    name: str
    rpc_type: RPCType
    request: Any
    response: Any
    pool: Any
    """Where messages within messages are found by their names."""


class Schema:
    """The methods of all services in a set of files, found by name."""

    def __init__(self, files: Iterable[FileDescriptorProto], source: str) -> None:
        """`source` is what the option was called. Raises OptionError where a file that is imported is not there."""
        self._source = source
        self._pool = DescriptorPool()
        known = {file.name: file for file in files}
        for name in known:
            self._add(name, known, "")
        self._services = [
            f"{file.package}.{service.name}".removeprefix(".") for file in known.values() for service in file.service
        ]
        if not self._services:
            raise OptionError(f"{source}: expected at least one service, found none in {', '.join(known) or 'no file'}")

    def method(self, name: str) -> Method:
        """Return a method by `package.Service/Method`. Raises ValueError for one that there is not."""
        service_name, slash, method_name = name.removeprefix("/").rpartition("/")
        if not slash:
            raise ValueError(f'method: expected "package.Service/Method", found {name!r}{suggest(name, self._names())}')
        if service_name not in self._services:
            raise ValueError(
                f"method: expected a service of {self._source} ({', '.join(self._services)}), found {service_name!r}"
                f"{suggest(service_name, self._services)}"
            )
        service = self._pool.FindServiceByName(service_name)
        if method_name not in service.methods_by_name:
            known = list(service.methods_by_name)
            raise ValueError(
                f"method: expected a method of {service_name} ({', '.join(known)}), found {method_name!r}"
                f"{suggest(method_name, known)}"
            )
        return self._described(service.methods_by_name[method_name])

    def _names(self) -> list[str]:
        services = [self._pool.FindServiceByName(name) for name in self._services]
        return [f"{service.full_name}/{method}" for service in services for method in service.methods_by_name]

    def _described(self, method: Any) -> Method:
        service = method.containing_service.full_name
        return Method(
            f"/{service}/{method.name}",
            service,
            method.name,
            _TYPES[method.client_streaming, method.server_streaming],
            GetMessageClass(method.input_type),
            GetMessageClass(method.output_type),
            self._pool,
        )

    def _add(self, name: str, known: Mapping[str, FileDescriptorProto], importer: str) -> None:
        """Put a file into the pool, those that it imports first; nothing where it is there."""
        if self._has(name):
            return
        file = known.get(name) or _well_known(name)
        if file is None:
            raise OptionError(
                f"{self._source}: expected all files that are imported, found no {name}, which {importer} imports; "
                "`protoc --include_imports` puts them in"
            )
        for imported in file.dependency:
            self._add(imported, known, name)
        try:
            self._pool.Add(file)
        except TypeError as error:
            raise OptionError(f"{self._source}: expected a description that holds together, found {error}") from None

    def _has(self, name: str) -> bool:
        try:
            self._pool.FindFileByName(name)
        except KeyError:
            return False
        return True


def _well_known(name: str) -> FileDescriptorProto | None:
    """Return one of Google's own files, such as that of timestamps."""
    try:
        found = Default().FindFileByName(name)
    except KeyError:
        return None
    file = FileDescriptorProto()
    found.CopyToProto(file)
    return file
