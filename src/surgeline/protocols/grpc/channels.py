"""Connections to a server: one for each virtual user, or one for all. Must not know messages or metrics."""

import ssl
from typing import Any, Literal, get_args
from weakref import ReferenceType, ref

import grpc

from surgeline.engine.vu import VirtualUser
from surgeline.errors import OptionError
from surgeline.judge.refusals import either
from surgeline.protocols.http.options import TLS, changed
from surgeline.protocols.http.tls import make_context

Connections = Literal["vu", "shared"]
_RECONNECT_MS = 100
_LONGEST_RECONNECT_MS = 1_000
_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),  # else all channels of a process share one connection
    ("grpc.enable_retries", 0),  # each try is a call of the script's, and counted
    ("grpc.enable_http_proxy", 0),  # as with HTTP, the environment is not read
    ("grpc.service_config_disable_resolution", 1),  # what a name server says of retries and the like
    ("grpc.initial_reconnect_backoff_ms", _RECONNECT_MS),
    ("grpc.max_reconnect_backoff_ms", _LONGEST_RECONNECT_MS),  # else a server that is back is not seen for minutes
    ("grpc.primary_user_agent", "surgeline"),
)
_NOT_HERE = ("resume", "verify", "min_version", "max_version", "ciphers", "password")
"""Options of TLS that grpcio has not."""


class Connection:
    """A channel, and its calls by the path of their methods. It closes when nobody holds it any more."""

    def __init__(self, target: str, credentials: Any) -> None:
        self.channel = (
            grpc.aio.insecure_channel(target, options=_OPTIONS)
            if credentials is None
            else grpc.aio.secure_channel(target, credentials, options=_OPTIONS)
        )
        self._unary: dict[str, Any] = {}

    def unary(self, path: str) -> Any:
        """Return what makes calls of a method that takes bytes and returns bytes."""
        call = self._unary.get(path)
        if call is None:
            call = self._unary[path] = self.channel.unary_unary(path)
        return call

    def stream(self, path: str) -> Any:
        """Return what opens a stream, which on the wire is the same for methods that stream in one direction only."""
        return self.channel.stream_stream(path)


class _Held:
    """Lets go of a user's connection when the user ends."""

    def __init__(self, held: dict[VirtualUser, Connection], user: VirtualUser) -> None:
        self._held = held
        self._user = user

    def close(self) -> None:
        """Let go."""
        self._held.pop(self._user, None)


class Channels:
    """The connections of one client."""

    def __init__(self, target: str, tls: TLS | None, connections: Connections) -> None:
        """Raises OptionError for what cannot be used, also for files of TLS."""
        if connections not in get_args(Connections):
            expected = either([f'"{one}"' for one in get_args(Connections)])
            raise OptionError(f"connections: expected {expected}, found {connections!r}")
        self._target = target
        self._credentials = None if tls is None else _credentials(tls)
        self._is_shared = connections == "shared"
        self._shared: ReferenceType[Connection] | None = None
        self._held: dict[VirtualUser, Connection] = {}

    def of(self, user: VirtualUser) -> Connection:
        """Return the connection of a user, opened by its first call. Raises ValueError for what is no user."""
        connection = self._held.get(user)
        if connection is None:
            if not isinstance(user, VirtualUser):
                raise ValueError(f"vu: expected the virtual user that the scenario is given, found {user!r}")
            connection = self._held[user] = self._connection()
            user.clients.append(_Held(self._held, user))
        return connection

    def _connection(self) -> Connection:
        shared = None if self._shared is None else self._shared()
        if shared is None:
            shared = Connection(self._target, self._credentials)
            self._shared = ref(shared) if self._is_shared else None
        return shared


def _credentials(tls: TLS) -> Any:
    """Return credentials of grpcio, which takes bytes. Raises OptionError naming the file and what is wrong with it."""
    for option in changed(tls, TLS()):
        if option in _NOT_HERE:
            raise OptionError(f"tls: expected options that gRPC's library has (ca, cert, key), found {option}")
    trusted = [ssl.DER_cert_to_PEM_cert(one) for one in make_context(tls).get_ca_certs(binary_form=True)]
    certificate = None if tls.cert is None else _read(tls.cert)
    key = certificate if tls.key is None else _read(tls.key)
    return grpc.ssl_channel_credentials("".join(trusted).encode() or None, key, certificate)


def _read(path: Any) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - a path of any kind
        return file.read()
