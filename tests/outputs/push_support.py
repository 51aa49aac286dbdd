"""A server that takes pushes, or does not, and a load to push: what the tests of pushing outputs share."""

import random
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from surgeline.metrics.names import HTTP_REQ_DURATION, HTTP_REQ_FAILED, HTTP_REQS, VUS, Metric, MetricType
from surgeline.metrics.registry import Registry
from surgeline.result import RunFacts

STARTED = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
BODY_SIZE = Metric("body_size", MetricType.TREND, "data")
TAGS = [{"name": "validate", "method": "POST"}, {"name": "get-user", "method": "GET"}, {}]


class Server:
    """Keeps what was posted. `status` is what it answers; while `hanging` is set it does not answer at all."""

    def __init__(self):
        self.posts = []
        self.status = 200
        self.hanging = False
        self.released = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.posts.append((self.path, dict(self.headers), body))
                if server.hanging:
                    server.released.wait(30)
                    self.close_connection = True
                    return
                self.send_response(server.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        """From now on connections are refused."""
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def running_server():
    server = Server()
    try:
        yield server
    finally:
        server.stop()


def facts(messages=None):
    return RunFacts(
        run_id="run-1",
        title="coupons.py",
        script_path=None,
        script_text="",
        started_at=STARTED,
        seed=7,
        tags={},
        options={},
        scenarios=("peak: 10 iterations/s for 1m",),
        metrics=(BODY_SIZE,),
        notify=(messages if messages is not None else []).append,
    )


class Load:
    """Random samples, second by second, as the engine would feed them."""

    def __init__(self, seed=1):
        self.random = random.Random(seed)
        self.registry = Registry()
        self.second = -1
        self.recorded = []
        """(series' metric, tags, value) of each trend's sample, as users see values."""

    def seconds(self, output, count):
        for _ in range(count):
            self.second += 1
            self._record()
            blocks = self.registry.rotate()
            output.take(self.second, blocks[::2])
            output.take(self.second, blocks[1::2])
            output.end_second(self.second, self.second + 1.0)
        self.registry.seconds = self.second + 1.0

    def cell(self, name, tags):
        """The cell of the one series with exactly these tags."""
        return next(series.cell for series in self.registry.select(name, tags) if series.tags == tags)

    def _record(self):
        for tags in TAGS:
            for _ in range(self.random.randrange(20)):
                self.registry.cell(HTTP_REQS, tags).add(1.0)
                self.registry.cell(HTTP_REQ_FAILED, tags).add(self.random.random() < 0.1)
                self._trend(HTTP_REQ_DURATION, tags, int(self.random.lognormvariate(16, 1.2)))
                self._trend(BODY_SIZE, tags, self.random.choice([0, 1, 17, 4_000_000]))
            self.registry.cell(VUS, tags).set(self.random.randrange(50))

    def _trend(self, metric, tags, value):
        self.registry.cell(metric, tags).record(value)
        self.recorded.append((metric, tags, value))
