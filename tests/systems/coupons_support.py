"""Asking the coupons service over HTTP: what several tests share."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

VALIDATE = "/api/coupons/validate"


class Client:
    """One keep-alive connection."""

    def __init__(self, base_url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=60)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def validate(self, code: str, user: str) -> tuple[int, Any]:
        return self.request("POST", VALIDATE, json.dumps({"code": code, "userId": user}).encode())
