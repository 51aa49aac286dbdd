"""A service that gives the load script of the conversations system right answers, and is as ill as a test wants."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

ID = "c0000000-0000-4000-8000-000000000001"
# All that a visit asks for; the token is the e-mail address.
ANSWERS: dict[tuple[str, str], Callable[[str, Any], tuple[int, object]]] = {
    ("POST", "/auth/login"): lambda _token, body: (200, {"token": body["email"]}),
    ("GET", "/auth/me"): lambda token, _body: (200, {"email": token}),
    ("GET", "/messages/conversations"): lambda *_: (200, {"conversations": [{"id": ID, "lastMessagePreview": "Yes"}]}),
    ("GET", f"/messages/conversations/{ID}"): lambda *_: (200, {"id": ID, "messages": [{}]}),
    ("POST", f"/messages/conversations/{ID}/read"): lambda *_: (200, {"conversationId": ID}),
    ("POST", "/messages/send"): lambda *_: (202, {"messageId": ID, "conversationId": ID, "status": "queued"}),
    ("GET", "/analytics/summary"): lambda *_: (200, {"members": 1}),
}
Asked = Counter[str]


def nothing(_asked: Asked) -> object:
    """What a service says of itself that says nothing."""
    return {}


def at_once(_asked: Asked) -> float:
    """How long a quick service takes."""
    return 0


@contextmanager
def stand_in(health: Callable[[Asked], object] = nothing, seconds: Callable[[Asked], float] = at_once) -> Iterator[str]:
    """Its base URL. What it says of itself, and how long it takes, follow from how often each path was asked."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one segment, else the kernel waits

        def _answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"null")
            time.sleep(seconds(asked))
            if self.path == "/api/health":
                status, answer = 200, health(asked)
            else:
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                status, answer = ANSWERS[self.command, self.path](token, body)
            asked[self.path] += 1
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the base class looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
