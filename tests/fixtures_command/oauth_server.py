"""An OAuth 2 server that answers as each test says, and counts what it was asked; the command line as users run it."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote_plus

CLIENT_ID, CLIENT_SECRET, PASSWORD = "load:client", "cl1ent s3cret+/", "us3rs' p&ssword"
CREDENTIALS = {"OAUTH_CLIENT_ID": CLIENT_ID, "OAUTH_CLIENT_SECRET": CLIENT_SECRET, "OAUTH_PASSWORD": PASSWORD}
COMMAND = (sys.executable, "-m", "surgeline", "fixtures")
WAIT = 60
"""Seconds that only what hangs takes."""


@dataclass
class Asked:
    """One request, as the server understood it."""

    form: dict
    headers: dict
    number: int
    """Of all requests, from 0."""
    tried: int
    """Of those for the same user, from 0."""
    connection: int
    """Which connection it came by."""

    @property
    def login(self):
        """Client's id and secret; None without."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        return tuple(unquote_plus(part) for part in base64.b64decode(value).decode().split(":"))


def token_for(asked):
    who = asked.form.get("username", f"client-{asked.number}")
    return 200, {}, {"access_token": f"token-of-{who}", "token_type": "bearer", "expires_in": 3600}


def refused(code, status=400, **more):
    return status, {}, {"error": code, **more}


@dataclass
class OAuthServer:
    """`answer(asked)` returns status, headers and a body (JSON-like data or bytes), or all bytes of an answer, at once
    or piece by piece, or None to hang up.
    """

    answer: object = token_for
    asked: list = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: object = field(default_factory=threading.Lock)
    url: str = ""

    @property
    def users(self):
        return [one.form.get("username") for one in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        state = self.server.state
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}
        with state.lock:
            state.at_once += 1
            state.most_at_once = max(state.most_at_once, state.at_once)
            tried = [one.form for one in state.asked].count(form)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(form, headers, len(state.asked), tried, self.client_address[1])
            state.asked.append(asked)
        try:
            self.send_answer(state.answer(asked))
        finally:
            with state.lock:
                state.at_once -= 1

    def send_answer(self, answer):
        if answer is None:
            self.close_connection = True
            return
        if isinstance(answer, bytes | Iterator):
            for piece in [answer] if isinstance(answer, bytes) else answer:
                self.wfile.write(piece)
            self.close_connection = True
            return
        status, headers, body = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that was killed is what some tests are about."""


@contextmanager
def serving(answer=token_for, wrap=None):
    with _Server(("127.0.0.1", 0), Handler) as server:
        server.state = OAuthServer(answer)
        scheme = "http"
        if wrap is not None:
            server.socket = wrap(server.socket)
            scheme = "https"
        server.state.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/oauth/token"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.state
        finally:
            server.shutdown()
            thread.join()


def users(count):
    return [{"id": f"id-{number}", "username": f"user{number}", "level": number} for number in range(count)]


def environment(**extra):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SURGELINE_", "OAUTH_"))}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", **extra}


def fixtures(*arguments, cwd, env=None):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=WAIT,
        cwd=cwd,
        env=environment(**(env or {})),
        check=False,
    )


def started(*arguments, cwd, env):
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True, cwd=cwd, env=environment(**env)
    )
