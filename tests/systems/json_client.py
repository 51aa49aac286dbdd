"""Asking a service over HTTP in JSON: what the clients of several systems are made of."""

import http.client
import json
from typing import Any, Self
from urllib.parse import urlsplit


class JsonClient:
    """One keep-alive connection."""

    def __init__(self, base_url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())
