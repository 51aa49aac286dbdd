"""What the challenges service and its event handler are told by their environment."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from socket import create_connection

from surgeline_systems.application.server import GRACE_SECONDS
from surgeline_systems.application.settings import Settings as CommonSettings
from surgeline_systems.application.settings import number, one_of, text
from surgeline_systems.servers.launch import Launch

# What `surgeline fixtures tokens` signs with unless told otherwise; known to everybody.
MOCK_SECRET = "surgeline-mock-secret-for-load-tests-only"  # noqa: S105
EVENT_HANDLER = "surgeline_systems.challenges.event_handler"
CONNECT_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """A port of 0 means: not at all; without `redis_url` there is no journal.

    `buffer_capacity` counts changes of one statistic of one user.
    """

    redis_url: str = text("REDIS_URL", "")
    auth_enabled: str = one_of("PLUGIN_GRPC_SERVER_AUTH_ENABLED", "true", "false")
    jwt_secret: str = text("SURGELINE_JWT_SECRET", MOCK_SECRET)
    challenges_file: str = text("CHALLENGES_FILE", "")
    reward_client: str = one_of("REWARD_CLIENT_MODE", "mock", "http")
    reward_url: str = text("REWARD_URL", "")
    metrics_port: int = number("METRICS_PORT", 8080, 0, 65_535)
    event_port: int = number("EVENT_PORT", 6565, 0, 65_535)
    event_metrics_port: int = number("EVENT_METRICS_PORT", 8081, 0, 65_535)
    event_log: str = text("EVENT_LOG", "")
    flush_ms: int = number("FLUSH_MS", 1_000, 1, 60_000)
    buffer_capacity: int = number("BUFFER_CAPACITY", 10_000, 1, 1_000_000)

    def ports(self) -> Sequence[int]:
        """Those that are to be listened on."""
        beside = (self.event_port, self.event_metrics_port) if self.event_port else ()
        return [port for port in (self.port, self.metrics_port, *beside) if port]

    def companions(self) -> Sequence[Launch]:
        """The event handler, unless there is to be none."""
        if not self.event_port:
            return ()
        handler = Launch(
            name="the event handler",
            commands=[[sys.executable, "-m", EVENT_HANDLER]],
            ready=lambda: is_listening(self.host, self.event_port),
            stop_signals=[SIGTERM],
            grace_seconds=GRACE_SECONDS,
            log=Path(self.event_log) if self.event_log else None,
        )
        return (handler,)


def is_listening(host: str, port: int) -> bool:
    """Does anybody take connections there?"""
    with suppress(OSError), create_connection((host, port), CONNECT_SECONDS):
        return True
    return False
