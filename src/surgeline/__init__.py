"""surgeline: load testing from plain Python scripts, at native speed, with a verdict that can be trusted.

General layout, in the order data flows:

- `seeding`: what tables hold, declared; getting it into a database, finding it there again, taking it away.
- `fixtures`: files of users, tokens and catalogues. `doctor`: what would make a run fail, found before it starts.
- `script`: what a script may say, and loading one into a plan. `data`: pools that scripts draw from.
- `schedule`: when iterations should start. Pure.
- `engine`: the event loop, virtual users, executors: the only place that sleeps.
- `protocols`: how requests are made; `_native`: the plain C core and its bindings.
- `metrics`: series, cells, blocks, values. `judge`: thresholds on them, and the verdict.
- `result`: what a run came to. `outputs`, `report`: how that is written and shown.
- `workers`: processes that share one load. `collect`: puts together what came of it.
- `run`: the composition root. `ladder`: runs at rising levels. `cli`: one module for each command.

What is imported here is the public interface; everything else may change.
"""

__version__ = "0.1.0"

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from surgeline.data import pool
from surgeline.data.weighted import weighted
from surgeline.engine.checks import check
from surgeline.engine.ending import abort, fail
from surgeline.errors import ExitCode, SurgelineError
from surgeline.schedule.waits import constant, exponential, uniform
from surgeline.script.declare import env, options, scenario, thresholds
from surgeline.script.executors import (
    constant_arrival_rate,
    constant_vus,
    externally_controlled,
    per_vu_iterations,
    ramping_arrival_rate,
    ramping_vus,
    shared_iterations,
)
from surgeline.script.flow import Flow
from surgeline.script.hooks import setup, summary, teardown, vu_start, vu_stop
from surgeline.script.metrics import Counter, Gauge, Rate, Trend

if _TYPE_CHECKING:
    from surgeline.protocols.http.auth import BasicAuth, BearerAuth, DigestAuth
    from surgeline.protocols.http.exchange import Retry
    from surgeline.protocols.http.options import DNS, TLS, HttpLimits
    from surgeline.protocols.http.response import HTTPError, Response
    from surgeline.script.http_options import http_options
    from surgeline.script.results import Results
    from surgeline.script.vu import VU

_CLIENT = {
    "BasicAuth": "surgeline.protocols.http.auth",
    "BearerAuth": "surgeline.protocols.http.auth",
    "DigestAuth": "surgeline.protocols.http.auth",
    "Retry": "surgeline.protocols.http.exchange",
    "DNS": "surgeline.protocols.http.options",
    "TLS": "surgeline.protocols.http.options",
    "HttpLimits": "surgeline.protocols.http.options",
    "HTTPError": "surgeline.protocols.http.response",
    "Response": "surgeline.protocols.http.response",
    "http_options": "surgeline.script.http_options",
    "Results": "surgeline.script.results",
    "VU": "surgeline.script.vu",
}


def __getattr__(name: str) -> _Any:
    """Import what belongs to the HTTP client when it is first asked for: it is a third of the package's start."""
    if name not in _CLIENT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(_import_module(_CLIENT[name]), name)
    return value


__all__ = [
    "DNS",
    "TLS",
    "VU",
    "BasicAuth",
    "BearerAuth",
    "Counter",
    "DigestAuth",
    "ExitCode",
    "Flow",
    "Gauge",
    "HTTPError",
    "HttpLimits",
    "Rate",
    "Response",
    "Results",
    "Retry",
    "SurgelineError",
    "Trend",
    "__version__",
    "abort",
    "check",
    "constant",
    "constant_arrival_rate",
    "constant_vus",
    "env",
    "exponential",
    "externally_controlled",
    "fail",
    "http_options",
    "options",
    "per_vu_iterations",
    "pool",
    "ramping_arrival_rate",
    "ramping_vus",
    "scenario",
    "setup",
    "shared_iterations",
    "summary",
    "teardown",
    "thresholds",
    "uniform",
    "vu_start",
    "vu_stop",
    "weighted",
]
