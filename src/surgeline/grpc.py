"""gRPC for load scripts: `from surgeline import grpc`. What is named here is public.

protobuf is imported when a script first uses one of these names, never before.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from surgeline.errors import OptionError as _OptionError

if _TYPE_CHECKING:
    from surgeline.protocols.grpc.client import Client
    from surgeline.protocols.grpc.messages import to_dict
    from surgeline.protocols.grpc.response import Response
    from surgeline.protocols.grpc.stream import Stream

_HOMES = {"Client": "client", "Response": "response", "Stream": "stream", "to_dict": "messages"}
_PACKAGES = ("google", "grpc_reflection")


def __getattr__(name: str) -> _Any:
    """Import what is asked for. Raises OptionError where the extra is not installed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = _import_module(f"surgeline.protocols.grpc.{_HOMES[name]}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _PACKAGES:
            raise
        raise _OptionError(
            "grpc: expected protobuf and grpcio-reflection, which are not installed; pip install 'surgeline[grpc]'"
        ) from error
    value = globals()[name] = getattr(home, name)
    return value


__all__ = ["Client", "Response", "Stream", "to_dict"]
