"""One message as a client sends it, and what must hold for all of them: what our scripts share.

This module must not know how often, or how many at a time.
"""

from uuid import uuid4

from surgeline import VU, check, env, pool
from surgeline.seeding import Table

MESSAGE_TYPES = ("BIRTHDAY", "ANNIVERSARY")
REQUEST = "process-message"

# By the request's name: what a script asks in set-up and tear-down is no message.
LIMITS = {
    f"http_req_failed{{name:{REQUEST}}}": ["rate<0.01"],
    f"http_req_duration{{name:{REQUEST}}}": ["p(95)<500"],
    "checks": ["rate>0.99"],
    "dropped_iterations": ["count<1"],
}


def base_url() -> str:
    """Where the service is."""
    return env("BASE_URL", "http://127.0.0.1:3000")


class Messages:
    """Messages to the users that a table holds."""

    def __init__(self, users: Table) -> None:
        self._user_ids = pool.table(users, "id")

    async def send(self, vu: VU) -> None:
        """Ask the service to send a message to one of the users, any of them."""
        response = await vu.http.post(
            "/internal/process-message",
            json={
                "userId": self._user_ids.random(vu),
                "messageType": vu.random.choice(MESSAGE_TYPES),
                # Not by vu.random: a run with the same --seed would send the keys of the last one again.
                "idempotencyKey": str(uuid4()),
            },
            name=REQUEST,
        )
        accepted = response.status == 202
        check(response, {"accepted": accepted, "is new": lambda answer: accepted and not answer.json()["duplicate"]})
