"""Runs the service with Granian: in this process, or as a child that is gone when its owner is gone.

Run as a module, it serves until a signal stops it; the settings come from the environment.
"""

import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from surgeline_systems.coupons.app import DRAIN_SECONDS
from surgeline_systems.coupons.settings import Settings, SettingsError
from surgeline_systems.servers.launch import Launch, ServerError, free_port, launched

APP = "surgeline_systems.coupons.app:create_app"
HOST = "127.0.0.1"
HEALTH_TIMEOUT_SECONDS = 2.0
# After the drain the process still has to close its connections and end.
GRACE_SECONDS = DRAIN_SECONDS + 5.0


@contextmanager
def running_service(database_url: str, port: int | None = None) -> Iterator[str]:
    """Run the service as a child while the block runs; gives its base URL. Its end writes all logs.

    Raises: ServerError when the port is taken or the service does not start.
    """
    port = port or free_port()
    _expect_free(HOST, port)
    base_url = f"http://{HOST}:{port}"
    launch = Launch(
        name="the coupons service",
        commands=[[sys.executable, "-m", __spec__.name]],
        ready=lambda: _healthy(base_url),
        stop_signals=[signal.SIGTERM],
        grace_seconds=GRACE_SECONDS,
        environment={"DATABASE_URL": database_url, "HOST": HOST, "PORT": str(port)},
    )
    with launched(launch):
        yield base_url


def serve(settings: Settings) -> None:
    """Serve until a signal stops it; SIGTERM and SIGINT let it answer and log what it has begun.

    Raises: ServerError when the port is taken.
    """
    _expect_free(settings.host, settings.port)
    server = Granian(
        APP,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        factory=True,
    )
    server.serve()


def _expect_free(host: str, port: int) -> None:
    """Granian shares a port with other processes that allow it: two services would answer in turn."""
    with socket.socket() as probe:
        if probe.connect_ex((host, port)) == 0:
            raise ServerError(f"expected port {port} to be free, found a server on it. Stop it or choose another port.")


def _healthy(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/api/health", timeout=HEALTH_TIMEOUT_SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    """Serve with the settings of the environment."""
    try:
        serve(Settings.from_environment(os.environ))
    except (ServerError, SettingsError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
