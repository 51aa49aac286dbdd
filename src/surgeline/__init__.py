"""surgeline: load testing from plain Python scripts, at native speed, with a verdict that can be trusted.

General layout, in the order data flows:

- `script`: what a script may say, and loading one into a plan. `data`: pools that scripts draw from.
- `schedule`: when iterations should start. Pure.
- `engine`: the event loop, virtual users, executors: the only place that sleeps.
- `protocols`: how requests are made; `_native`: the plain C core and its bindings.
- `metrics`: series, cells, blocks, values. `judge`: thresholds on them, and the verdict.
- `result`: what a run came to. `outputs`, `report`: how that is written and shown.
- `collect`: puts that together. `run`: the composition root. `cli`: one module for each command.

What is imported here is the public interface; everything else may change.
"""

__version__ = "0.1.0"

from surgeline.data import pool
from surgeline.engine.checks import check
from surgeline.errors import ExitCode, SurgelineError
from surgeline.protocols.http.response import HTTPError, Response
from surgeline.script.declare import env, scenario, setup, teardown, thresholds
from surgeline.script.executors import constant_arrival_rate, constant_vus, shared_iterations
from surgeline.script.vu import VU

__all__ = [
    "VU",
    "ExitCode",
    "HTTPError",
    "Response",
    "SurgelineError",
    "__version__",
    "check",
    "constant_arrival_rate",
    "constant_vus",
    "env",
    "pool",
    "scenario",
    "setup",
    "shared_iterations",
    "teardown",
    "thresholds",
]
