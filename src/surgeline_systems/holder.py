"""The process that keeps a system up, detached from the command that wants it so: until it is told to stop, by SIGTERM.

Run as a module with the folder of the state and the descriptor of the lock; the wish comes on standard input, and the
steps of the start are told on standard output. While a connection to it is open, the service can have other settings.
"""

import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from types import FrameType

import msgspec

from surgeline import SurgelineError
from surgeline_systems.catalogue import system_named
from surgeline_systems.running import Running, Service, running_system
from surgeline_systems.standing import USUAL_PORT, Place, Standing, Wish, socket_name
from surgeline_systems.told_steps import ToldSteps


def main() -> None:
    """Leave the command behind, and keep the system up."""
    folder, lock = Path(sys.argv[1]), int(sys.argv[2])
    wish = msgspec.json.decode(sys.stdin.buffer.read(), type=Wish)
    if os.fork():
        os._exit(0)  # who waits for us waits for a start, not for an end
    _stop_on_signals()
    place = Place(wish.system, folder)
    place.say_who(lock)
    steps = ToldSteps(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what others print is no step: it goes into the log
    with suppress(BrokenPipeError):  # the command has gone before the system was up: so it shall not be up
        try:
            keep(wish, place, steps)
        except SurgelineError as error:
            steps.failed(str(error))


def keep(wish: Wish, place: Place, steps: ToldSteps) -> None:
    """Keep the system up until a signal stops it. Raises: SurgelineError when it does not start."""
    with (
        _listener(place, key := secrets.token_bytes()) as listener,
        running_system(
            system_named(wish.system),
            steps,
            settings=wish.environment,
            sizes=wish.environment,
            with_seeds=wish.with_seeds,
            port=wish.port or USUAL_PORT,
            log=place.log,
        ) as running,
    ):
        try:
            place.write(_standing(wish, running, str(place.control), key))
            steps.done()
            while True:
                _take_wishes(listener, running.service)
        finally:
            place.forget()


def _standing(wish: Wish, running: Running, control: str, key: bytes) -> Standing:
    return Standing(
        wish=wish,
        pid=os.getpid(),
        since=datetime.now(UTC),
        base_url=running.base_url,
        sizes=dict(running.sizes),
        backing=running.backing,
        control=control,
        key=key,
    )


@contextmanager
def _listener(place: Place, key: bytes) -> Iterator[Listener]:
    """Listens where only its owner can connect: others cannot even keep us waiting."""
    place.control.unlink(missing_ok=True)  # that of one that was killed
    with socket_name(place.control) as name:
        before = os.umask(0o077)
        try:
            listener = Listener(name, "AF_UNIX", authkey=key)
        finally:
            os.umask(before)
        with listener:
            yield listener


def _take_wishes(listener: Listener, service: Service) -> None:
    """Let one who has the key change the settings of the service, until they are gone."""
    try:
        with listener.accept() as connection:
            _change(connection, service)
    except (AuthenticationError, EOFError, OSError):
        pass  # gone, or never one of ours
    try:
        service.restore()
    except SurgelineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - into the log


def _change(connection: Connection, service: Service) -> None:
    """Start the service anew with each settings that are wished, and answer with its URL, or why it has none.

    None wishes that it has ended.
    """
    while True:
        try:
            changes = connection.recv()
            connection.send(("", _stopped(service) if changes is None else service.start(changes)))
        except SurgelineError as error:
            connection.send((str(error), ""))


def _stopped(service: Service) -> str:
    service.stop()
    return ""


def _stop_on_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Once: a further signal must not keep us from stopping what we started."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    sys.exit()


if __name__ == "__main__":
    main()
