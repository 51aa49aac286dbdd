"""A server of our own: made in a temporary folder, gone with all that is in it when the block ends.

This module must not know which server it is.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from surgeline_systems.servers.launch import Launch, launched


@dataclass(frozen=True, kw_only=True)
class Private:
    """A server that is ready to be started in a folder.

    `first` are the commands that make its data, before its first start; `launch` is every start.
    """

    url: str
    launch: Launch
    first: Sequence[Sequence[str]] = ()


@contextmanager
def privately(name: str, prepare: Callable[[Path], Private]) -> Iterator[str]:
    """Run what `prepare(folder)` gives while the block runs; gives its URL.

    Raises: ServerError when it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"surgeline-{name}-"))
    try:
        server = prepare(folder)
        commands = [*server.first, *server.launch.commands]
        with launched(replace(server.launch, commands=commands, remove=[folder])):
            yield server.url
    finally:
        shutil.rmtree(folder, ignore_errors=True)
