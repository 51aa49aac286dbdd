"""Channels to a server: one for each virtual user, or one for all. Must not know calls, messages or metrics."""

from typing import Literal, get_args

from surgeline._native.http2_connection import Channel
from surgeline._native.http_origin import Origin
from surgeline.engine.context import RunContext
from surgeline.engine.vu import VirtualUser
from surgeline.errors import OptionError
from surgeline.judge.refusals import either
from surgeline.protocols.http.addresses import Place
from surgeline.protocols.http.errors import describe_error
from surgeline.protocols.http.options import TLS, HttpOptions
from surgeline.protocols.http.origins import Origins, refuse_unusable

Connections = Literal["vu", "shared"]
_ALPN = ["h2"]
_LOCAL = "localhost"
"""What a server behind a Unix socket is called."""


class _Held:
    """Lets go of a user's channel when the user ends."""

    def __init__(self, channels: "Channels", user: VirtualUser) -> None:
        self._channels = channels
        self._user = user

    def close(self) -> None:
        """Let go."""
        self._channels.let_go(self._user)


class Channels:
    """The channels of one client."""

    def __init__(self, place: Place, tls: TLS | None, connections: Connections) -> None:
        """Raises OptionError for what cannot be used, also for files of TLS."""
        if connections not in get_args(Connections):
            expected = either([f'"{one}"' for one in get_args(Connections)])
            raise OptionError(f"connections: expected {expected}, found {connections!r}")
        self._host, self._port = place.host or _LOCAL, place.port or 443
        hosts = {} if place.path is None else {_LOCAL: f"unix:{place.path}"}
        self._scheme = "http" if tls is None else "https"
        self._options = HttpOptions(tls=tls or TLS(), hosts=hosts)
        refuse_unusable(self._options)
        self._is_shared = connections == "shared"
        self._held: dict[VirtualUser, Channel] = {}
        self._origins: tuple[RunContext, Origin] | None = None

    @property
    def authority(self) -> str:
        """What requests call the server."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return host if self._options.hosts else f"{host}:{self._port}"

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken."""
        return self._scheme == "https"

    def of(self, user: VirtualUser) -> Channel:
        """Return the channel of a user, opened by its first call. Raises ValueError for what is no user."""
        channel = self._held.get(user)
        if channel is None:
            if not isinstance(user, VirtualUser):
                raise ValueError(f"vu: expected the virtual user that the scenario is given, found {user!r}")
            channel = self._held[user] = self._channel(user._context)
            user.clients.append(_Held(self, user))
        return channel

    def let_go(self, user: VirtualUser) -> None:
        """Close a user's channel, unless others have it too."""
        channel = self._held.pop(user, None)
        if channel is not None and not (self._is_shared and self._held):
            channel.close()

    def _channel(self, context: RunContext) -> Channel:
        if self._is_shared and self._held:
            return next(iter(self._held.values()))
        return Channel(context.poller, self._origin(context), describe_error, self._options.tls.resume)

    def _origin(self, context: RunContext) -> Origin:
        """Return where the server is, in a run: names are looked up on its loop."""
        if self._origins is None or self._origins[0] is not context:
            origin = Origins(context.loop, self._options).get(self._scheme, self._host, self._port)
            if origin.tls is not None:
                origin.tls.set_alpn_protocols(_ALPN)
            self._origins = context, origin
        return self._origins[1]
