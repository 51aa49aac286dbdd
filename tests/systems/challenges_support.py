"""Asking the challenges service over HTTP, and its event handler over gRPC: what several tests share."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.request import urlopen

import grpc
import jwt
from conversations_support import Client

from surgeline_systems.application.server import running_service
from surgeline_systems.challenges.app import CHALLENGES
from surgeline_systems.challenges.event_messages import SERVICE, message_classes
from surgeline_systems.challenges.settings import MOCK_SECRET
from surgeline_systems.challenges.system import SYSTEM
from surgeline_systems.servers.launch import free_port

Result = TypeVar("Result")
SMALL = {"USERS": "20"}
FOREVER = 2**31
LOGIN, STATISTIC = ("OnLogin", "LoginEvent"), ("OnStatisticUpdated", "StatisticEvent")
messages = cache(message_classes)


@dataclass(frozen=True)
class Serving:
    """Where the service and its event handler are."""

    base_url: str
    events: str
    metrics: str
    event_metrics: str

    def counted(self, what: str) -> dict[str, float]:
        """The metrics of the event handler whose names begin so."""
        with urlopen(f"{self.event_metrics}/metrics") as answer:
            lines = [line for line in answer.read().decode().splitlines() if line.startswith(f"challenges_{what}")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@contextmanager
def serving(database_url: str, **settings: object) -> Iterator[Serving]:
    """A service of our own, and its event handler, with these settings."""
    ports = {name: free_port() for name in ("EVENT_PORT", "METRICS_PORT", "EVENT_METRICS_PORT")}
    given = {name: str(value) for name, value in {**ports, **settings}.items()}
    events, metrics, event_metrics = (f"127.0.0.1:{port}" for port in ports.values())
    with running_service(SYSTEM.package, {"DATABASE_URL": database_url, **given}) as base_url:
        yield Serving(base_url, events, f"http://{metrics}", f"http://{event_metrics}")


def user(number: int) -> str:
    """The id of a seeded user, from 1 on; of others above the seeded ones."""
    return f"00000000-0000-4000-8000-{number:012d}"


def token(number: int, secret: str = MOCK_SECRET, **claims: object) -> str:
    return jwt.encode({"sub": user(number), "exp": FOREVER, **claims}, secret, "HS256")


class Player(Client):
    """Somebody who plays."""

    def __init__(self, base_url: str, number: int, **claims: object) -> None:
        super().__init__(base_url, token(number, **claims))

    def goals(self) -> dict[str, dict[str, Any]]:
        """All goals with one's progress, by id."""
        return {goal["id"]: goal for one in self.get(CHALLENGES)["challenges"] for goal in one["goals"]}

    def claim(self, goal_id: str) -> tuple[int, Any]:
        answer = self.request("POST", claim_path(goal_id))
        return answer.status, answer.body

    def with_status(self, status: str) -> list[str]:
        return [goal_id for goal_id, goal in self.goals().items() if goal["status"] == status]


def claim_path(goal_id: str) -> str:
    return f"{CHALLENGES}/{goal_id.partition('-goal-')[0]}/goals/{goal_id}/claim"


class Game:
    """Sends events."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def log_in(self, number: int, **fields: object) -> str:
        """The status of the answer."""
        return await self.send(*LOGIN, user_id=user(number), **fields)

    async def reach(self, number: int, value: int, stat_code: str = "matches_won", **fields: object) -> str:
        """The status of the answer."""
        return await self.send(*STATISTIC, user_id=user(number), stat_code=stat_code, value=value, **fields)

    async def send(self, method: str, kind: str, **fields: object) -> str:
        call = self._channel.unary_unary(
            f"/{SERVICE}/{method}", messages()[kind].SerializeToString, messages()["Acknowledged"].FromString
        )(messages()[kind](**fields))
        return str((await call.code()).name)


def play(target: str, scenario: Callable[[Game], Awaitable[Result]]) -> Result:
    """Run the scenario with a game that sends its events to the target."""

    async def connected() -> Result:
        async with grpc.aio.insecure_channel(target) as channel:
            return await scenario(Game(channel))

    return asyncio.run(connected())
