"""What is up: for each system a state file that only its owner can read, and a lock for as long as it is kept up.

The kernel frees the lock with the last process that holds it: a state file without its lock tells of a system that is
dead. This module must not know how a system is started or ended.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from surgeline import SurgelineError
from surgeline_systems.backing import Backing

FOLDER = Path(".surgeline/systems")
USUAL_PORT = 3000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A system as it was asked for; `environment` is for its service and its seeds. Without a port it is the usual one,
    or where the system is up already.
    """

    system: str
    port: int | None
    environment: dict[str, str]
    with_seeds: bool


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A system that is up. `sizes` are those of the wished values that its seeds follow.

    Whoever knows the key may have the service started anew, through the socket `control`.
    """

    wish: Wish
    pid: int
    since: datetime
    base_url: str
    sizes: dict[str, str]
    backing: Backing
    control: str
    key: bytes

    @property
    def settings(self) -> dict[str, str]:
        """What its service was told."""
        return self.wish.environment


@dataclass(frozen=True)
class Place:
    """The files of a system, in a folder that all commands given in the same place share."""

    name: str
    folder: Path = FOLDER

    @property
    def state(self) -> Path:
        """Where what is up is said."""
        return self.folder / f"{self.name}.json"

    @property
    def log(self) -> Path:
        """Where its service and the process that keeps it up say what they have to say."""
        return self.folder / f"{self.name}.log"

    @property
    def control(self) -> Path:
        """The socket at which the process that keeps it up takes wishes."""
        return self.folder / f"{self.name}.socket"

    @property
    def _lock(self) -> Path:
        return self.folder / f"{self.name}.lock"

    def lock(self) -> int | None:
        """Take the lock; gives a descriptor that holds it, in all processes that inherit it. None when it is taken.

        Raises: SurgelineError where no file can be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n")  # the URLs hold passwords
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SurgelineError(
                f"expected a folder that can be written, to say in it what is up, found {self.folder}: {error.strerror}"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.truncate(descriptor, 0)  # whoever held it is gone
        return descriptor

    def is_free(self) -> bool:
        """Has no process the lock? Then the state of one that was killed goes."""
        if not self._lock.exists():
            return True
        descriptor = self.lock()
        if descriptor is None:
            return False
        self.forget()
        os.close(descriptor)
        return True

    def say_who(self, descriptor: int) -> None:
        """Write into the lock that this process holds it from now on."""
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)

    def holder(self) -> int | None:
        """The process that has the lock; None when it has not said so yet. Only for a lock that is taken."""
        text = self._lock.read_text()
        return int(text) if text else None

    def read(self) -> Standing | None:
        """The state of the system; None where there is none. Raises: SurgelineError where it cannot be read."""
        try:
            return msgspec.json.decode(self.state.read_bytes(), type=Standing)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise SurgelineError(
                f"{self.state}: expected a system's state as this version writes it, found another: {error}; "
                f"`surgeline system down {self.name}` ends that system, then `up` again"
            ) from error

    def write(self, standing: Standing) -> None:
        """Write the state, all at once, so that only its owner can read it: the URLs hold passwords."""
        new = self.state.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        new.write_bytes(msgspec.json.format(msgspec.json.encode(standing)))
        new.rename(self.state)

    def forget(self) -> None:
        """The system is not up, or will not be in a moment."""
        self.state.unlink(missing_ok=True)


@contextmanager
def socket_name(socket: Path) -> Iterator[str]:
    """A name of the socket for as long as the block runs, and short: the kernel takes no more than 107 bytes."""
    folder = os.open(socket.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{socket.name}"
    finally:
        os.close(folder)
