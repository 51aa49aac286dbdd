"""Gives out rewards: to a reward service over HTTP, or to nobody (the mock). It must not know goals, nor the table."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

from surgeline_systems.application.settings import SettingsError
from surgeline_systems.challenges.catalogue import Reward
from surgeline_systems.challenges.settings import Settings

TIMEOUT_SECONDS = 5.0
Give = Callable[[str, str, Reward], Awaitable[None]]
"""Gives a user a reward. The key is the same for the same reward to the same user: it is given once."""


class RewardError(Exception):
    """The reward could not be given."""


def reward_client(settings: Settings) -> Give:
    """The client that the settings name. Raises: SettingsError."""
    if settings.reward_client == "mock":
        return _give_nothing
    place = urlsplit(settings.reward_url)
    if place.scheme not in {"http", "https"} or not place.netloc:
        raise SettingsError(f"expected REWARD_URL=http://host:port/rewards, found {settings.reward_url!r}")

    async def give(user_id: str, key: str, reward: Reward) -> None:
        body = msgspec.json.encode({"userId": user_id, "reward": reward})
        try:
            status = await asyncio.to_thread(_post, place.scheme, place.netloc, place.path or "/", key, body)
        except (OSError, HTTPException) as error:
            raise RewardError(f"the reward service is not there: {error}") from error
        if not 200 <= status < 300:
            raise RewardError(f"the reward service answered {status}")

    return give


async def _give_nothing(_user_id: str, _key: str, _reward: Reward) -> None:
    """The mock: no call, no time."""


def _post(scheme: str, netloc: str, path: str, key: str, body: bytes) -> int:
    kind = HTTPSConnection if scheme == "https" else HTTPConnection
    with closing(kind(netloc, timeout=TIMEOUT_SECONDS)) as connection:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
