"""Plays fuzz inputs: our whole HTTP client against a hostile server, on one loop and without a clock.

From the repository's root, with any build of the native core, seeded and without a fuzzer:

    python -m tests.fuzz.client --connections 100000
    python -m tests.fuzz.client INPUT...

The second replays inputs, such as one that a fuzzer found; `guided` is the one that finds them by coverage.
"""

import argparse
import asyncio
import faulthandler
import hashlib
import os
import ssl
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import trustme
from http_lab import Lab
from tests.fuzz.generation import generate
from tests.fuzz.hostile_server import STEPS, HostileServer
from tests.fuzz.oracles import check_descriptors, check_scene, left_objects, open_descriptors, resident_bytes
from tests.fuzz.program import Scene, decode
from tests.fuzz.script import ACTIONS, ContractError, Script

from surgeline._native.poller import now_ns
from surgeline.engine.loop import new_loop
from surgeline.protocols.http.options import HttpOptions
from surgeline.protocols.http.origins import Origins

CORPUS = Path(__file__).parent / "corpus"

_NO_AUTHORITIES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""The certificates are not verified, and reading the system's authorities takes longer than a scene."""
_QUIET_TURNS = 4
"""When nobody has moved for so long, nobody will."""
_MOST_TURNS = 3_000
_LAST_TURNS = 1_000
"""How many turns the calls have to end in once the server has closed everything."""
_GRACE_NS = 20 * 10**9
"""Beyond those turns: a loaded machine may deliver the last segments late."""
_LOOK_INTO_IT = 600.0
"""Seconds after which, again and again, it is told where the process is: a loop that stands still shows there."""
_LOOK_EVERY = 500


@dataclass
class Played:
    """What scenes came to."""

    scenes: int = 0
    connections: int = 0
    calls: int = 0
    turns: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Played") -> "Played":
        return Played(
            self.scenes + other.scenes,
            self.connections + other.connections,
            self.calls + other.calls,
            self.turns + other.turns,
            self.endings + other.endings,
        )

    def __str__(self) -> str:
        ways = ", ".join(f"{count} {way}" for way, count in self.endings.most_common(12))
        return (
            f"{self.scenes} scenes, {self.connections} connections, {self.calls} calls in {self.turns} turns; "
            f"calls ended: {ways}"
        )


def play(data: bytes) -> Played:
    """Play one input. Raises ContractError, saying what the scene was, for anything that must not be."""
    scene = decode(data, ACTIONS, STEPS)
    before = open_descriptors()
    try:
        with patch.dict(os.environ, _NO_AUTHORITIES):
            played = _play_on_a_loop(scene)
        check_descriptors(before)
    except Exception as error:
        raise ContractError(f"{type(error).__name__}: {error}\nin the scene of {data.hex()}:\n{scene}") from error
    return played


def _play_on_a_loop(scene: Scene) -> Played:
    loop, _ = new_loop()
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_play(scene, complaints))


async def _play(scene: Scene, complaints: list[dict[str, Any]]) -> Played:
    server = HostileServer(scene, None if scene.tls is None else _server_tls(scene.tls))
    lab = Lab(None, HttpOptions().insecure(), f"{'http' if scene.tls is None else 'https'}://127.0.0.1:{server.port}")
    _confine(lab.origins, server.port)
    script = Script(lab, server)
    try:
        script.start(scene.tasks)
        turns = await _until_quiet(script, server)
        server.end()
        turns += await _until_over(script)
    finally:
        server.end()
        lab.http.close()
        for _ in range(2):
            await asyncio.sleep(0)
    ended = check_scene(script, server, complaints)
    return Played(1, len(server.peers), ended.total() + script.forgotten, turns, ended)


def _confine(origins: Origins, port: int) -> None:
    """Let every redirect, wherever it points, lead back to the server: nothing leaves this machine."""
    get = origins.get
    origins.get = lambda scheme, _host, _port: get(scheme, "127.0.0.1", port)


async def _until_quiet(script: Script, server: HostileServer) -> int:
    """Let server and script move in turns until the script is over or neither moves; returns the turns."""
    quiet = 0
    for turn in range(_MOST_TURNS):
        moves = script.moves
        await asyncio.sleep(0)
        quiet = 0 if server.turn() or script.moves != moves else quiet + 1
        if script.is_over or quiet > _QUIET_TURNS:
            return turn
    return _MOST_TURNS


async def _until_over(script: Script) -> int:
    """The server is gone, so what the script awaits ends. Raises ContractError when it does not."""
    for turn in range(_LAST_TURNS):
        if _is_over(script):
            return turn
        await asyncio.sleep(0)
    late = now_ns() + _GRACE_NS
    while not _is_over(script) and now_ns() < late:  # noqa: ASYNC110 - there is no event that a hang would set
        await asyncio.sleep(0.001)
    if not _is_over(script):
        hanging = [call for call in script.calls if not call.future.done()]
        raise ContractError(f"the server has closed everything, and these calls hang: {hanging}")
    return _LAST_TURNS


def _is_over(script: Script) -> bool:
    return script.is_over and all(call.future.done() for call in script.calls)


@cache
def _server_tls(version: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    _authority().issue_cert("127.0.0.1").configure_cert(context)
    return context


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


def corpus() -> list[bytes]:
    """Return the inputs that are kept."""
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def generated(seed: int) -> Iterator[bytes]:
    """Return inputs without end, the same for the same seed: new ones, and kept ones spoilt."""
    random, kept = Random(seed), corpus()
    while True:
        yield generate(random, kept)


class Report:
    """Plays inputs, keeps those that fail, and tells now and then how it stands."""

    def __init__(self, found: Path) -> None:
        self.played = Played()
        self.failures = 0
        self._found = found
        self._first = 0

    def run(self, inputs: Iterable[bytes], connections: float = float("inf")) -> None:
        """Play inputs until there were so many connections."""
        for data in inputs:
            self.play(data)
            if self.played.connections >= connections:
                break
        self.look()

    def play(self, data: bytes) -> None:
        """Play one input; keep it when it fails."""
        try:
            self.played += play(data)
        except ContractError as violation:
            self.failures += 1
            self.played += Played(scenes=1)
            path = self._found / f"failed-{hashlib.sha256(data).hexdigest()[:16]}"
            path.write_bytes(data)
            print(f"{violation}\nkept as {path}\n", flush=True)
        if self.played.scenes % _LOOK_EVERY == 0:
            self.look()

    def look(self) -> None:
        """Tell how it stands, and whether anything is left of the scenes so far."""
        left = left_objects()
        if left:
            self.failures += 1
            print(f"alive after {self.played.scenes} scenes: {left}", flush=True)
        resident = resident_bytes()
        self._first = self._first or resident
        print(
            f"{self.played}; {self.failures} failures; {len(open_descriptors())} descriptors; "
            f"{resident >> 20} MiB, {self._first >> 20} at the first look",
            flush=True,
        )


def main() -> int:
    """Play inputs as the command line says; return 1 when any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.client", description=__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="*", type=Path, help="files to replay; none: a seeded run")
    parser.add_argument("--connections", type=int, default=10_000, help="how many the seeded run makes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", type=Path, default=Path(), help="the folder where inputs that fail are kept")
    options = parser.parse_args()
    warnings.simplefilter("error")
    faulthandler.dump_traceback_later(_LOOK_INTO_IT, repeat=True)
    report = Report(options.found)
    if options.inputs:
        report.run(path.read_bytes() for path in options.inputs)
    else:
        report.run(generated(options.seed), options.connections)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
