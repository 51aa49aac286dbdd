"""What the game tells over gRPC: users log in, and their statistics change. It must not know how often."""

import time

from surgeline import VU, check, env, grpc, pool
from surgeline.grpc import Response
from surgeline.seeding import Table
from surgeline_systems.challenges.catalogue import load_catalogue
from surgeline_systems.challenges.progress_writer import LOGIN_STATISTIC

SERVICE = "challenges.EventHandler"
LIMITS = {
    "grpc_req_failed": ["rate<0.01"],
    "grpc_req_duration": ["p(95)<500"],
}


def event_target() -> str:
    """Where the event handler is: host and port."""
    return env("GRPC_TARGET", "127.0.0.1:6565")


class Events:
    """Events of the users that a table holds."""

    def __init__(self, users: Table) -> None:
        self._handler = grpc.Client(event_target(), protos=["events.proto"], include=[".."], timeout="10s")
        self._user_ids = pool.table(users, "id")
        self._statistics = sorted(load_catalogue("").statistics - {LOGIN_STATISTIC})

    async def happen(self, vu: VU) -> None:
        """Of five events, one is a login."""
        user_id = self._user_ids.random(vu)
        if vu.random.random() < 0.2:
            response = await self._handler.call(vu, f"{SERVICE}/OnLogin", {"user_id": user_id})
        else:
            response = await self.reach(vu, user_id, vu.random.choice(self._statistics), vu.random.randrange(1_000))
        check(response, {"event: acknowledged": response.ok})

    async def reach(self, vu: VU, user_id: str, statistic: str, value: int) -> Response:
        """A statistic of the user has this value now."""
        event = {"user_id": user_id, "stat_code": statistic, "value": value, "at_ms": time.time_ns() // 1_000_000}
        return await self._handler.call(vu, f"{SERVICE}/OnStatisticUpdated", event)
