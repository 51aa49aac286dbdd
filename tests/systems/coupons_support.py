"""Asking the coupons service over HTTP, and what is asked: what several tests share."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any

from json_client import JsonClient

from surgeline.seeding.file import load_declarations
from surgeline_systems.coupons.load.questions import Question, Questions
from surgeline_systems.coupons.system import SYSTEM

VALIDATE = "/api/coupons/validate"
SIZES = {"USERS": "2000", "COUPONS": "400"}


class Client(JsonClient):
    """Somebody who asks about coupons."""

    def validate(self, code: str, user: str) -> tuple[int, Any]:
        return self.request("POST", VALIDATE, json.dumps({"code": code, "userId": user}).encode())


def questions(sizes: Mapping[str, str], count: int) -> Iterator[Question]:
    """What users ask of a system that is seeded with these sizes."""
    drawn = Questions(*load_declarations(SYSTEM.seeds, sizes).tables)
    user = SimpleNamespace(random=Random(3), share=None)
    return (drawn.draw(user) for _ in range(count))
