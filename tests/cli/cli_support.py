"""The command line as users run it: a process of its own, scripts in a folder, a server that counts."""

import os
import select
import signal
import subprocess
import threading
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import pytest

from healthy_generator import COMMAND
from surgeline.cli.main import main

WAIT = 120
"""Seconds that only what hangs takes."""


@dataclass
class Ended:
    code: int
    out: str
    err: str


def environment(**extra):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SURGELINE_")}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", **extra}


def surgeline(*arguments, cwd, env=None, command=COMMAND, **options):
    done = subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=WAIT,
        cwd=cwd,
        env=environment(**(env or {})),
        check=False,
        **options,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def surgeline_here(*arguments, cwd):
    """The same in this process, ten times as fast: for what is refused before anything begins."""
    out, err, before = StringIO(), StringIO(), signal.getsignal(signal.SIGINT)
    try:
        with chdir(cwd), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
    finally:
        signal.signal(signal.SIGINT, before)
    return Ended(ended.value.code, out.getvalue(), err.getvalue())


class Running:
    """A process that is told when to go on by what it says on standard error."""

    def __init__(self, process):
        self.process = process
        self.seen = ""

    def wait_for(self, text):
        """Read standard error until it holds `text`."""
        while text not in self.seen:
            ready, _, _ = select.select([self.process.stderr], [], [], WAIT)
            chunk = os.read(self.process.stderr.fileno(), 65536).decode() if ready else ""
            assert chunk, f"never said {text!r}: {self.seen}"
            self.seen += chunk

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def end(self):
        out, err = self.process.communicate(timeout=WAIT)
        return Ended(self.process.returncode, out.decode(), self.seen + err.decode())


@contextmanager
def started(*arguments, cwd):
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment(),
    )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


class CountingServer:
    """Answers every request with 200 and counts it by path."""

    def __init__(self):
        self.paths = []
        counting = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                counting.paths.append(self.path)
                body = b"hello"
                self.send_response(500 if self.path == "/fail" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self):
        return len(self.paths)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
