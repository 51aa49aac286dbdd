"""What a script says of its HTTP client: `http_options`."""

import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from surgeline.engine.scope import current_scope
from surgeline.errors import OptionError
from surgeline.protocols.http.foreign_names import INSTEAD_IN_HTTP_OPTIONS
from surgeline.protocols.http.options import HttpOptions
from surgeline.protocols.http.origins import refuse_unusable
from surgeline.script.collection import collecting
from surgeline.script.explained import explained

P = ParamSpec("P")
T = TypeVar("T")


def _with_parameters_of(kind: Callable[P, Any]) -> Callable[[Callable[..., T]], Callable[P, T]]:
    """Let a function that only hands its parameters on show them."""

    def show(function: Callable[..., T]) -> Callable[P, T]:
        function.__signature__ = inspect.signature(kind)  # type: ignore[attr-defined]
        return function

    return show


@explained("http_options", INSTEAD_IN_HTTP_OPTIONS)
@_with_parameters_of(HttpOptions)
def http_options(**options: Any) -> None:
    """Declare the options of `vu.http`, for all virtual users of the run; at most once, at the top of a script.

    For every request, where it does not say otherwise:

    - `timeout`: for a whole call, redirects and all; 60 s. `redirects`: how many are followed at most; 10, and 0 none.
    - `headers`: header fields; `user_agent`: the User-Agent field, "surgeline".
    - `discard_bodies`: whether bodies are counted and thrown away. `limits`: `HttpLimits(...)`, what a response may
      hold.
    - `batch`, `batch_per_host`: how many requests of one batch are under way at once, 20, and to one host, 6.

    Between requests:

    - `connections`: "keep" uses a user's connections again, "iteration" within one iteration only, "request" never.
    - `keep_cookies`: whether a user's cookies outlive the iteration.

    Where they go:

    - `tls`: `TLS(...)`; `dns`: `DNS(...)`.
    - `hosts`: where connections to a host go instead, `{"api.example.com": "127.0.0.1:8443", "*.example.com":
      "10.0.0.1", "docker": "unix:/run/docker.sock"}`. The Host field and the name that TLS asks for stay the URL's.
    - `local_addresses`: where they come from: addresses, ranges ("10.0.0.1-10.0.0.9") and networks ("10.0.0.0/28") of
      this machine, shared out by the number of the virtual user.
    - `proxy`: "http://user:password@host:port"; `no_proxy`: hosts that are asked without it: names, ".example.com",
      "*", addresses and networks. Hosts in `hosts` are too. The environment's `http_proxy` is not read: a load must not
      go through a proxy without anybody saying so.

    Raises OptionError for what cannot be used, also for files and local addresses that this machine does not have.
    """
    declared = HttpOptions(**options)
    if current_scope.get() is not None:
        raise OptionError("http_options: expected at the top of a script, found a call while the load runs")
    collection = collecting.get()
    if collection is None:
        return
    if collection.http is not None:
        raise OptionError("http_options: expected one call, found a second")
    collection.http = declared.found_from(collection.folder)
    refuse_unusable(collection.http)
