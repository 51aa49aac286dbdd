"""What the chat service and its writers are told by their environment."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from signal import SIGTERM
from typing import ClassVar

from surgeline_systems.application.server import GRACE_SECONDS
from surgeline_systems.application.settings import Settings as CommonSettings
from surgeline_systems.application.settings import SettingsError, number, text
from surgeline_systems.servers.launch import Launch

NAME = "chat"
WRITER = "surgeline_systems.chat.writer"
# Known to everybody: for a service on this machine, with data made for tests.
DEMO_SECRET = "a demo's secret, known to everybody"  # noqa: S105
THIS_MACHINE = ("127.0.0.1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """Without a broker the service has its queue and its one writer in itself; without Elasticsearch, or a folder, the
    search index is in a folder of this machine's temporary ones.
    """

    answers_directly: ClassVar[bool] = True

    database_url: str = text("DATABASE_URL", form="mysql://user@host:3306/database or postgresql://...")
    redis_url: str = text("REDIS_URL", form="redis://host:6379/0")
    rabbitmq_url: str = text("RABBITMQ_URL", "")
    elasticsearch_url: str = text("ELASTICSEARCH_URL", "")
    search_folder: str = text("SEARCH_FOLDER", "")
    workers: int = number("WORKERS", 1, 1, 64)
    session_secret: str = text("SESSION_SECRET", DEMO_SECRET)
    session_seconds: int = number("SESSION_SECONDS", 86_400, 1, 31_536_000)

    def __post_init__(self) -> None:
        """Raises: SettingsError where others could make sessions for themselves."""
        if self.session_secret == DEMO_SECRET and self.host not in THIS_MACHINE:
            raise SettingsError(f"expected SESSION_SECRET for a service on {self.host}, found only the demo's")

    def companions(self) -> Sequence[Launch]:
        """The writers, where there is a broker between them and the service."""
        if not self.rabbitmq_url:
            return ()
        return [_writer(f"writer {place}") for place in range(1, self.workers + 1)]


def _writer(name: str) -> Launch:
    """It needs no time to be ready: what is in the queue meanwhile waits."""
    return Launch(
        name=name,
        commands=[[sys.executable, "-m", WRITER]],
        ready=lambda: True,
        stop_signals=[SIGTERM],
        grace_seconds=GRACE_SECONDS,
    )
