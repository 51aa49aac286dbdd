"""What the messages service is told by its environment, besides what all services are told."""

from dataclasses import dataclass

from surgeline_systems.application.settings import Settings as CommonSettings
from surgeline_systems.application.settings import number


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """`delivery_ms` is how long the provider takes for a message; `workers` deliver at the same time."""

    workers: int = number("WORKERS", 8, 1, 1_000)
    delivery_ms: int = number("DELIVERY_MS", 5, 0, 1_000)
