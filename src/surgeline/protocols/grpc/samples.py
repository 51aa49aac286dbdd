"""How calls are counted and measured: the same way as what scripts time themselves, with metrics and tags of gRPC.

Must not know the transport.
"""

from collections.abc import Hashable, Mapping
from typing import Any

from surgeline._native.grpc_call import GrpcCall
from surgeline._native.iteration import UserState
from surgeline.engine.scope import OwnTags, Scope
from surgeline.engine.timed import MOST_SERIES, Measured, Measures, own_tags
from surgeline.metrics import names
from surgeline.metrics.names import Metric
from surgeline.metrics.tags import REQUEST_TAGS
from surgeline.protocols.grpc.outcome import CANCELLED, STATUSES, UNAVAILABLE, Outcome
from surgeline.protocols.grpc.response import Response, Timings
from surgeline.protocols.grpc.schema import Method

_COUNTERS = "counters of gRPC"
"""What a scope keeps them by."""
_OURS = REQUEST_TAGS | {"name", "rpc_type", "service"}


class CallSample(Measured):
    """One call, from its beginning to its end; a stream is one."""

    __slots__ = ("_code", "_expected", "_method", "_name", "_own", "_target", "call")
    measures = Measures(names.GRPC_REQS, names.GRPC_REQ_FAILED, names.GRPC_REQ_DURATION, names.GRPC_REQ_RESPONSE_TIME)

    def __init__(
        self,
        user: UserState,
        scope: Scope,
        method: Method,
        target: str,
        name: str | None,
        tags: Mapping[str, str] | None,
        expected: frozenset[int],
    ) -> None:
        """Raises ValueError for a name that is none, and for tags that are none."""
        if name is not None and (not isinstance(name, str) or not name):
            raise ValueError(f"name: expected a text such as 'log-in', found {name!r}")
        super().__init__(user, scope)
        self._method = method
        self._target = target
        self._name = method.path if name is None else name
        self._own: OwnTags = () if tags is None else own_tags(tags, _OURS, method.path)
        self._expected = expected
        self._code = CANCELLED
        self._error = STATUSES[CANCELLED]  # unless it ends otherwise, the script has cancelled it
        self.call: GrpcCall

    def settle(self, outcome: Outcome, *, left: bool = False) -> None:
        """Take note of how the call ended; a stream that the script has `left` did not fail."""
        self._code = outcome.code
        self._error = "" if left or outcome.code in self._expected else outcome.status
        self._refused = outcome.code == UNAVAILABLE

    def count(self, metric: Metric, amount: int = 1) -> None:
        """Count for a metric that is not of the call's end."""
        known: dict[Hashable, Any] = self._scope.clients.setdefault(_COUNTERS, {})
        key = metric.name, self._method.path, self._target, self._name, self._own
        cell = known.get(key)
        if cell is None:
            if len(known) >= MOST_SERIES:
                known.clear()
            cell = known[key] = self._scope.registry.cell(metric, {**self._scope.tags, **self._labels()})
        cell.add(amount)

    def count_traffic(self) -> None:
        """Count the bytes that went both ways since this was last called."""
        sent, received = self.call.take_traffic()
        self.count(names.DATA_SENT, sent)
        self.count(names.DATA_RECEIVED, received)

    def response(self, outcome: Outcome) -> Response:
        """Return what the script gets of a call that has ended and is counted."""
        took = self.took_ns
        return Response(
            not self._error,
            outcome.status,
            outcome.code,
            outcome.error,
            outcome.message,
            outcome.headers or {},
            outcome.trailers or {},
            Timings(took / 1e6, (self._lateness_ns + took) / 1e6),
        )

    def _end(self, _error: BaseException | None) -> None:
        """All that is to be known was settled; what the script raises meanwhile is no fault of the server."""
        self.count_traffic()

    def _key(self) -> Hashable:
        return self._method.path, self._target, self._name, self._own, self._code, self._error

    def _tags(self) -> Mapping[str, str]:
        return {**self._labels(), "status": str(self._code)}

    def _labels(self) -> Mapping[str, str]:
        method = self._method
        return {
            "service": method.service,
            "method": method.name,
            "rpc_type": method.rpc_type,
            "name": self._name,
            "url": f"{self._target}{method.path}",
            **dict(self._own),
        }
