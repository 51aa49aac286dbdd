"""The series of HTTP requests: one endpoint for each method, name and tags, one outcome for each way it can end."""

from collections.abc import Callable, Mapping

from surgeline._native.cells import CounterCell
from surgeline._native.http_outcomes import Endpoint, Outcome
from surgeline.metrics import names
from surgeline.metrics.registry import Registry
from surgeline.metrics.tags import REQUEST_TAGS, refuse_reserved
from surgeline.protocols.http.errors import status_code, status_text
from surgeline.protocols.http.request import DEFAULT_EXPECT, Expect
from surgeline.protocols.http.response import Response

OwnTags = tuple[tuple[str, str], ...]
_Key = tuple[str, str, OwnTags, Expect]
Witness = Callable[[str, str], None]
"""Is told where an answer failed, and its body as text."""
MOST_ENDPOINTS = 1_000
MOST_SHOWN = 20
"""Answers of one endpoint and failing status that a witness is told of: the first ones; they are mostly alike."""
OTHER = "(other)"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""A request of these changes nothing on the server (RFC 9110 9.2.1), so it may be sent again."""

_OUTCOME_METRICS = (
    names.HTTP_REQS,
    names.HTTP_REQ_FAILED,
    names.DATA_SENT,
    names.DATA_RECEIVED,
    names.HTTP_REQ_DURATION,
    names.HTTP_REQ_RESPONSE_TIME,
    names.HTTP_REQ_BLOCKED,
    names.HTTP_REQ_LOOKING_UP,
    names.HTTP_REQ_CONNECTING,
    names.HTTP_REQ_TLS_HANDSHAKING,
    names.HTTP_REQ_SENDING,
    names.HTTP_REQ_WAITING,
    names.HTTP_REQ_RECEIVING,
)
"""In the order that `Outcome` takes its cells."""


class Endpoints:
    """The endpoints of one scenario. After `MOST_ENDPOINTS` names, further ones count together as `(other)`."""

    def __init__(
        self, registry: Registry, tags: Mapping[str, str], notify: Callable[[str], None], witness: Witness | None = None
    ) -> None:
        self._registry = registry
        self._tags = tags
        self._notify = notify
        self._witness = witness
        self._warned = False
        self._endpoints: dict[_Key, Endpoint] = {}

    def get(self, method: str, name: str, tags: Mapping[str, str] | None, expect: Expect = DEFAULT_EXPECT) -> Endpoint:
        """Return the endpoint of requests of this method, name and tags that expect these statuses.

        Raises ValueError for a reserved tag.
        """
        own = _own(tags)
        endpoint = self._endpoints.get((method, name, own, expect))
        if endpoint is None:
            endpoint = self._add(method, name, own, expect)
        return endpoint

    def retries(self, method: str, name: str, tags: Mapping[str, str] | None, expect: Expect) -> CounterCell:
        """Return what counts the retries of these requests, under the name that they are counted by."""
        self.get(method, name, tags, expect)
        own = _own(tags)
        if (method, name, own, expect) not in self._endpoints:
            name, own = OTHER, ()
        tags = {**self._tags, "method": method, "name": name, **dict(own)}
        cell: CounterCell = self._registry.cell(names.HTTP_REQ_RETRIES, tags)
        return cell

    def _add(self, method: str, name: str, own: OwnTags, expect: Expect) -> Endpoint:
        refuse_reserved([tag for tag, _ in own], REQUEST_TAGS)
        if len(self._endpoints) >= MOST_ENDPOINTS and name != OTHER:
            self._warn(name)
            return self.get(method, OTHER, None, expect)
        tags = {**self._tags, "method": method, "name": name, "url": name, **dict(own)}
        endpoint = self._endpoints[method, name, own, expect] = Endpoint(
            lambda *ending: make_outcome(self._registry, tags, expect, *ending, witness=self._witness),
            method in SAFE_METHODS,
        )
        return endpoint

    def _warn(self, name: str) -> None:
        if not self._warned:
            self._warned = True
            self._notify(
                f"More than {MOST_ENDPOINTS:,} different request names, such as {name!r}; further ones count together "
                f'as {OTHER!r}. Give requests whose URL holds an id a name: vu.http.get(url, name="get-user").'
            )


def _own(tags: Mapping[str, str] | None) -> OwnTags:
    if tags is not None and not isinstance(tags, Mapping):
        raise TypeError(f"tags: expected a mapping of names to texts, found {tags!r}")
    return tuple(sorted((str(tag), str(value)) for tag, value in tags.items())) if tags else ()


def make_outcome(
    registry: Registry,
    tags: Mapping[str, str],
    expect: Expect,
    status: int,
    error_code: int,
    error: str | None,
    protocol: str,
    tls_version: str | None,
    *,
    witness: Witness | None = None,
) -> Outcome:
    """Return the cells for one way a request of these tags can end."""
    expected = any(status in statuses for statuses in expect)
    ending = {"status": str(status), "expected_response": "true" if expected else "false"}
    if status:
        ending["proto"] = protocol
    code = 0 if expected else error_code or status_code(status)
    if not expected:
        ending["error_code"] = str(int(code))
        ending["error"] = error or status_text(status)
    if tls_version:
        ending["tls_version"] = tls_version.lower().replace("v", "")
    cells = [registry.cell(metric, {**tags, **ending}) for metric in _OUTCOME_METRICS]
    if expected or not status or witness is None:
        return Outcome(not expected, code, *cells)
    where = f"{tags['method']} {tags['name']}"
    return Outcome(True, code, *cells, to_show=MOST_SHOWN, witness=lambda response: witness(where, _text(response)))


def _text(response: Response) -> str:
    try:
        return response.text
    except ValueError:  # a body that cannot be decoded
        return ""
