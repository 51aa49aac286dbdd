"""Runs a service, with Granian or with the direct server, in this process or as a child that is gone with its owner.

Run as a module with the name of a system's package, it serves until a signal stops it; the settings come from the
environment. The package has `app.create_app`, and `settings.Settings`.
"""

import importlib
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from surgeline import SurgelineError
from surgeline_systems.application import direct_server
from surgeline_systems.application.settings import Settings
from surgeline_systems.servers.launch import Launch, ServerError, free_port, launched

HOST = "127.0.0.1"
HEALTH_PATH = "/api/health"
HEALTH_TIMEOUT_SECONDS = 2.0
# How long a service may take to finish what it has accepted, when it is told to end.
DRAIN_SECONDS = 30.0
# After the drain the process still has to close its connections and end.
GRACE_SECONDS = DRAIN_SECONDS + 5.0


@contextmanager
def running_service(
    package: str, environment: Mapping[str, str], port: int | None = None, log: Path | None = None
) -> Iterator[str]:
    """Run the service of a package as a child while the block runs; gives its base URL. Its end finishes its work.

    What it says is added to `log`, if one is given. Raises: ServerError when the port is taken or the service does not
    start.
    """
    port = port or free_port()
    expect_free(HOST, port)
    base_url = f"http://{HOST}:{port}"
    launch = Launch(
        name=f"the {package.rpartition('.')[2]} service",
        commands=[[sys.executable, "-m", __spec__.name, package]],
        ready=lambda: is_healthy(base_url),
        stop_signals=[signal.SIGTERM],
        grace_seconds=GRACE_SECONDS,
        environment={**environment, "HOST": HOST, "PORT": str(port)},
        log=log,
    )
    with launched(launch):
        yield base_url


def serve(package: str, settings: Settings) -> None:
    """Serve until a signal stops it; SIGTERM and SIGINT let it answer and finish what it has begun.

    Its companions start before it and end after it. Raises: ServerError when a port is taken.
    """
    for port in settings.ports():
        expect_free(settings.host, port)
    app = f"{package}.app:create_app"
    with ExitStack() as stack:
        for companion in settings.companions():
            stack.enter_context(launched(companion))
        if settings.answers_directly:
            direct_server.run(load_app(app), settings.host, settings.port, DRAIN_SECONDS)
        else:
            _serve_by_granian(app, settings)


def _serve_by_granian(app: str, settings: Settings) -> None:
    server = Granian(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
    )
    # Granian's own loader takes a module's name for a path, and finds nothing from a folder that is a package.
    server.serve(target_loader=load_app)


def load_app(target: str) -> Any:
    """The application that a function makes, given as `package.module:function`."""
    module, _, function = target.partition(":")
    return getattr(importlib.import_module(module), function)()


def settings_of(package: str, environment: Mapping[str, str]) -> Settings:
    """What the environment says to the service. Raises: SettingsError."""
    return kind_of_settings(package).from_environment(environment)


def kind_of_settings(package: str) -> type[Settings]:
    """What the service of a package can be told."""
    kind: type[Settings] = importlib.import_module(f"{package}.settings").Settings
    return kind


def is_healthy(base_url: str) -> bool:
    """Does the service answer, and find itself well?"""
    answer = ask_health(base_url)
    return answer is not None and answer[0] == 200


def ask_health(base_url: str) -> tuple[int, bytes] | None:
    """Status and body of what the service says of itself; None when it does not answer.

    Asked directly: a proxy that the environment names knows nothing of what listens here.
    """
    try:
        with closing(HTTPConnection(urlsplit(base_url).netloc, timeout=HEALTH_TIMEOUT_SECONDS)) as connection:
            connection.request("GET", HEALTH_PATH)
            answer = connection.getresponse()
            return answer.status, answer.read()
    except (OSError, HTTPException):
        return None


def expect_free(host: str, port: int) -> None:
    """Granian shares a port with other processes that allow it: two services would answer in turn."""
    with socket.socket() as probe:
        try:
            is_taken = probe.connect_ex((host, port)) == 0
        except OSError as error:  # there is no such place
            raise ServerError(f"expected an IPv4 address or its name in HOST, found {host!r}: {error}") from error
    if is_taken:
        raise ServerError(f"expected port {port} to be free, found a server on it. Stop it or choose another port.")


def main() -> None:
    """Serve with the settings of the environment."""
    package = sys.argv[1]
    try:
        serve(package, settings_of(package, os.environ))
    except SurgelineError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
