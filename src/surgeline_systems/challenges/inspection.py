"""A port beside the service for those who watch it: `/metrics`, and profiles of processor and memory.

It has a thread of its own: it answers while the service is busy. It must not know what the service does.
"""

import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from urllib.parse import parse_qs, urlsplit

from surgeline_systems.challenges.metrics import CONTENT_TYPE, Metrics
from surgeline_systems.servers.launch import ServerError

SAMPLE_SECONDS = 0.01
USUAL_SECONDS = 30.0
MOST_SECONDS = 600.0
MOST_LINES = 50


class _Server(ThreadingHTTPServer):
    metrics: Metrics
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer with what the path asks for."""
        asked = urlsplit(self.path)
        try:
            if asked.path == "/metrics":
                self._answer(200, self.server.metrics.text(), CONTENT_TYPE)
            elif asked.path in PROFILES:
                self._answer(200, PROFILES[asked.path](_seconds(asked.query)))
            else:
                self._answer(404, f"expected /metrics or {' or '.join(PROFILES)}, with ?seconds=30\n")
        except ValueError as error:
            self._answer(400, f"{error}\n")

    def _answer(self, status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002 - the base class calls it so
        """Nobody needs to read who looked."""


@contextmanager
def inspected(host: str, port: int, metrics: Metrics) -> Iterator[None]:
    """Listen while the block runs; not at all with port 0. Raises: ServerError when the port is taken."""
    if not port:
        yield
        return
    try:
        server = _Server((host, port), _Handler)
    except OSError as error:
        raise ServerError(f"expected to listen on port {port} of {host}, found: {error}") from error
    server.metrics = metrics
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def profile(seconds: float) -> str:
    """Where the threads were, for so long: lines `outer;inner;innermost samples`, as flame graphs are drawn from."""
    stacks: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        own = threading.get_ident()
        stacks.update(_folded(frame) for thread, frame in sys._current_frames().items() if thread != own)
        time.sleep(SAMPLE_SECONDS)
    return "".join(f"{stack} {count}\n" for stack, count in stacks.most_common())


def heap(seconds: float) -> str:
    """What was allocated in so many seconds and is still there, by the lines that did; slows all down meanwhile."""
    tracemalloc.start()
    try:
        time.sleep(seconds)
        lines = tracemalloc.take_snapshot().statistics("lineno")
    finally:
        tracemalloc.stop()
    return "".join(f"{one}\n" for one in lines[:MOST_LINES])


PROFILES: Mapping[str, Callable[[float], str]] = {"/debug/pprof/profile": profile, "/debug/pprof/heap": heap}


def _folded(frame: FrameType | None) -> str:
    places = []
    while frame is not None:
        places.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")
        frame = frame.f_back
    return ";".join(reversed(places))


def _seconds(query: str) -> float:
    """Raises: ValueError."""
    found = parse_qs(query).get("seconds", [str(USUAL_SECONDS)])[0]
    if not found.replace(".", "", 1).isdecimal() or not 0 < float(found) <= MOST_SECONDS:
        raise ValueError(f"seconds: expected a number up to {MOST_SECONDS:g}, found {found!r}")
    return float(found)
