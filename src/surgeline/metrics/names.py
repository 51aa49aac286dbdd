"""Every built-in metric: its name, its type and its unit. k6's names and meanings, and ours beside them.

Times are recorded in nanoseconds and shown and thresholded in milliseconds. Knows nothing of how samples are kept.
"""

from dataclasses import dataclass
from enum import Enum


class MetricType(Enum):
    """What a metric adds up, and so which aggregations it has."""

    COUNTER = "counter"
    GAUGE = "gauge"
    RATE = "rate"
    TREND = "trend"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name, type, and what its values are: `default` (plain numbers), `time` (ms) or `data` (bytes)."""

    name: str
    type: MetricType
    contains: str = "default"
    unit: str = ""
    """What is shown after a plain number."""
    adds_up: bool = False
    """Is the whole of a gauge the sum of its series, as with virtual users? Else it is the last that was set."""

    @property
    def scale(self) -> int:
        """Trends are recorded as whole numbers: so many for one unit that users see."""
        return 1 if self.contains == "data" else 1_000_000


def _counter(name: str, contains: str = "default") -> Metric:
    return Metric(name, MetricType.COUNTER, contains)


def _time(name: str) -> Metric:
    return Metric(name, MetricType.TREND, "time")


HTTP_REQS = _counter("http_reqs")
HTTP_REQ_RETRIES = _counter("http_req_retries")
HTTP_REQ_FAILED = Metric("http_req_failed", MetricType.RATE)
HTTP_REQ_DURATION = _time("http_req_duration")
HTTP_REQ_RESPONSE_TIME = _time("http_req_response_time")
HTTP_REQ_BLOCKED = _time("http_req_blocked")
HTTP_REQ_LOOKING_UP = _time("http_req_looking_up")
HTTP_REQ_CONNECTING = _time("http_req_connecting")
HTTP_REQ_TLS_HANDSHAKING = _time("http_req_tls_handshaking")
HTTP_REQ_SENDING = _time("http_req_sending")
HTTP_REQ_WAITING = _time("http_req_waiting")
HTTP_REQ_RECEIVING = _time("http_req_receiving")
DATA_SENT = _counter("data_sent", "data")
DATA_RECEIVED = _counter("data_received", "data")

GRPC_REQS = _counter("grpc_reqs")
GRPC_REQ_FAILED = Metric("grpc_req_failed", MetricType.RATE)
GRPC_REQ_DURATION = _time("grpc_req_duration")
GRPC_REQ_RESPONSE_TIME = _time("grpc_req_response_time")
GRPC_STREAMS = _counter("grpc_streams")
GRPC_STREAMS_MSGS_SENT = _counter("grpc_streams_msgs_sent")
GRPC_STREAMS_MSGS_RECEIVED = _counter("grpc_streams_msgs_received")

OPERATIONS = _counter("operations")
OPERATION_FAILED = Metric("operation_failed", MetricType.RATE)
OPERATION_DURATION = _time("operation_duration")
OPERATION_RESPONSE_TIME = _time("operation_response_time")

FLOW_DURATION = _time("flow_duration")
FLOW_STARTED = _counter("flow_started")
FLOW_ARRIVED = _counter("flow_arrived")
FLOW_LATE = _counter("flow_late")
FLOW_LOST = _counter("flow_lost")
FLOW_CANCELLED = _counter("flow_cancelled")
FLOW_OPEN = _counter("flow_open")
FLOW_DUPLICATES = _counter("flow_duplicates")
FLOW_UNKNOWN = _counter("flow_unknown")
FLOW_LOOK_INTERVAL = _time("flow_look_interval")
FLOW_LOOK_ERRORS = _counter("flow_look_errors")

ITERATIONS = _counter("iterations")
ITERATION_DURATION = _time("iteration_duration")
ITERATION_LATENESS = _time("iteration_lateness")
ITERATION_RESPONSE_TIME = _time("iteration_response_time")
GROUP_DURATION = _time("group_duration")
ITERATION_ERRORS = _counter("iteration_errors")
DROPPED_ITERATIONS = _counter("dropped_iterations")
INTERRUPTED_ITERATIONS = _counter("interrupted_iterations")
CHECKS = Metric("checks", MetricType.RATE)
VUS = Metric("vus", MetricType.GAUGE, adds_up=True)
VUS_MAX = Metric("vus_max", MetricType.GAUGE, adds_up=True)

OWN_ERROR_CODES = ("1217", "1218", "1219")
"""`error_code` of requests that failed on our side: no memory, no file descriptor or no local port left."""
FLOW_METRICS = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric) and value.name.startswith("flow_")
)

BUILTIN: dict[str, Metric] = {value.name: value for value in list(globals().values()) if isinstance(value, Metric)}
"""By name, in the order in which they are shown: protocols, then execution."""
