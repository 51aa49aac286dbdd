"""Asking the coupons service over HTTP, and what is asked: what several tests share."""

import http.client
import json
from collections.abc import Iterator, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from surgeline.seeding.file import load_declarations
from surgeline_systems.coupons import SEEDS
from surgeline_systems.coupons.load.questions import Question, Questions

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


def questions(sizes: Mapping[str, str], count: int) -> Iterator[Question]:
    """What users ask of a system that is seeded with these sizes."""
    drawn = Questions(*load_declarations(SEEDS, sizes).tables)
    user = SimpleNamespace(random=Random(3), share=None)
    return (drawn.draw(user) for _ in range(count))
