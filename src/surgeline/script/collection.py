"""What one script has declared so far. The loader opens a collection, the declarations go into it.

Nothing is global, so scripts can be loaded one after the other. Imported by other means than the loader, a script
declares nothing and stays an ordinary module.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surgeline.engine.flow import DeclaredFlow
from surgeline.engine.scenario import Hook, Scenario
from surgeline.metrics.names import Metric
from surgeline.script.setting import EnvValue, Layer, Setting

if TYPE_CHECKING:
    from surgeline.data.drawing import Pool  # which asks what is being collected
    from surgeline.protocols.http.options import HttpOptions  # its import is dear, and most scripts declare none


@dataclass(slots=True)
class Collection:
    """What one script has declared so far, and the values of its environment."""

    environment: Mapping[str, str]
    folder: Path = Path()
    """The script's, from which the files that it names are found."""
    env_layers: Mapping[str, Layer] = field(default_factory=dict)
    """Where values of the environment come from that are not the process's own."""
    env_values: list[EnvValue] = field(default_factory=list)
    """What `env` returned, each call of its own kind once."""
    options: dict[str, Setting] = field(default_factory=dict)
    scenarios: list[Scenario] = field(default_factory=list)
    thresholds: dict[str, list[Any]] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    flows: list[DeclaredFlow] = field(default_factory=list)
    http: "HttpOptions | None" = None
    pools: "list[Pool[Any]]" = field(default_factory=list)
    hooks: dict[tuple[str, str | None], Hook] = field(default_factory=dict)
    """By kind (`setup`, `teardown`, `vu_start`, `vu_stop`, `summary`), and by the scenario it is for; None for all."""


collecting: ContextVar[Collection | None] = ContextVar("collecting", default=None)
