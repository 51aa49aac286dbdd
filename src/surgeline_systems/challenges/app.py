"""The HTTP face of the service: users see their challenges, begin them, and claim rewards.

It must not know the table, nor what a reward is given out by.
"""

import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from surgeline_systems.application.database import ALWAYS_BY_INDEX, connect_pool
from surgeline_systems.application.errors import ApiError, error_handlers
from surgeline_systems.application.exchange import answer, read_parameters
from surgeline_systems.application.operations import Handler, Operation, routes
from surgeline_systems.challenges import health
from surgeline_systems.challenges.access import Tokens, token_of, unauthorised
from surgeline_systems.challenges.catalogue import Challenge, Goal, Requirement, Reward, load_catalogue
from surgeline_systems.challenges.claiming import claim
from surgeline_systems.challenges.inspection import inspected
from surgeline_systems.challenges.journal import redis_link
from surgeline_systems.challenges.metrics import Metrics
from surgeline_systems.challenges.progress import Progress, Status, assign, of_user, status_of
from surgeline_systems.challenges.rewards import RewardError, reward_client
from surgeline_systems.challenges.settings import Settings

NAME = "challenges"
CHALLENGES = "/challenge/v1/challenges"
# Made once: of most goals that a user looks at, nothing has been begun.
NO_PROGRESS = Progress()


class ToldGoal(msgspec.Struct, rename="camel"):
    """A goal as a user sees it. Its reward can be claimed when it is completed, and so are its prerequisites."""

    id: str
    name: str
    requirement: Requirement
    reward: Reward
    prerequisites: Sequence[str]
    status: Status
    progress: int
    completed_at: datetime | None
    claimed_at: datetime | None


class ToldChallenge(msgspec.Struct):
    """A challenge as a user sees it."""

    id: str
    name: str
    description: str
    goals: list[ToldGoal]


class Challenges(msgspec.Struct):
    """All challenges."""

    challenges: list[ToldChallenge]


class Assigned(msgspec.Struct):
    """How many goals the user has begun by this."""

    assigned: int


class GoalPath(msgspec.Struct, rename="camel"):
    """Which goal."""

    challenge_id: str
    goal_id: str


class Claimed(msgspec.Struct, rename="camel"):
    """The user has got the reward."""

    goal_id: str
    status: Status
    reward: Reward


def create_app() -> Starlette:
    """The application, with settings from the environment. Raises: SettingsError."""
    settings = Settings.from_environment(os.environ)
    catalogue, give = load_catalogue(settings.challenges_file), reward_client(settings)
    tokens = Tokens(settings.jwt_secret, verifying=settings.auth_enabled == "true")
    metrics = Metrics()
    state = {"settings": settings, "catalogue": catalogue, "tokens": tokens, "give": give}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        pool = await connect_pool(settings.database_url, settings.max_connections, f"surgeline {NAME}", ALWAYS_BY_INDEX)
        link = redis_link(settings.redis_url) if settings.redis_url else None
        with inspected(settings.host, settings.metrics_port, metrics):
            yield {**state, "pool": pool, "redis_link": link}
        if link is not None:
            await link.close()
        await pool.close()

    operations = [replace(one, handler=_counted(one, metrics)) for one in OPERATIONS]
    return Starlette(routes=routes(NAME, operations), exception_handlers=error_handlers(), lifespan=lifespan)


def _counted(one: Operation, metrics: Metrics) -> Handler:
    """The handler of an operation, with its answers counted and timed."""
    name = getattr(one.handler, "__name__", one.path)

    async def handle(request: Request) -> Response:
        start, status = time.perf_counter(), 503
        try:
            response = await one.handler(request)
            status = response.status_code
        except ApiError as error:
            status = error.status
            raise
        finally:
            metrics.add("requests_total", operation=name, status=status)
            metrics.add("request_seconds_total", time.perf_counter() - start, operation=name)
        return response

    handle.__name__ = name
    return handle


def _user(request: Request) -> UUID:
    """Who is asking. Raises: ApiError 401."""
    tokens: Tokens = request.state.tokens
    try:
        return tokens.user_of(token_of(request), time.time())
    except ValueError as error:
        raise unauthorised(str(error)) from error


async def get_challenges(request: Request) -> Response:
    """All challenges, with how far the user has come."""
    progress = await of_user(request.state.pool, _user(request))
    told = [_told(challenge, progress) for challenge in request.state.catalogue.challenges]
    return answer(Challenges(told))


async def post_initialize(request: Request) -> Response:
    """Begin the goals that wait for no other; whoever has begun them already begins none."""
    goals = request.state.catalogue.open_goals
    return answer(Assigned(await assign(request.state.pool, _user(request), goals)))


async def post_claim(request: Request) -> Response:
    """Claim the reward of a goal."""
    user_id = _user(request)
    path = read_parameters(request, GoalPath)
    goal: Goal | None = request.state.catalogue.goal(path.challenge_id, path.goal_id)
    if goal is None:
        raise ApiError(404, "NOT_FOUND", f"no challenge {path.challenge_id!r} has a goal {path.goal_id!r}")
    try:
        refusal = await claim(request.state.pool, request.state.give, user_id, goal)
    except RewardError as error:
        raise ApiError(502, "REWARD_NOT_GIVEN", f"{error}; claim it again") from error
    if refusal is not None:
        raise ApiError(409, refusal, f"the reward of {goal.id} cannot be claimed now")
    return answer(Claimed(goal.id, "claimed", goal.reward))


def _told(challenge: Challenge, progress: Mapping[str, Progress]) -> ToldChallenge:
    goals = [_told_goal(goal, progress.get(goal.id)) for goal in challenge.goals]
    return ToldChallenge(challenge.id, challenge.name, challenge.description, goals)


def _told_goal(goal: Goal, found: Progress | None) -> ToldGoal:
    known = found or NO_PROGRESS
    return ToldGoal(
        id=goal.id,
        name=goal.name,
        requirement=goal.requirement,
        reward=goal.reward,
        prerequisites=goal.prerequisites,
        status=status_of(found),
        progress=known.progress,
        completed_at=known.completed_at,
        claimed_at=known.claimed_at,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path=CHALLENGES,
        handler=get_challenges,
        summary="All challenges, with how far the user has come",
        answers={200: Challenges},
        errors=(401, 503),
        secured=True,
    ),
    Operation(
        method="POST",
        path=f"{CHALLENGES}/initialize",
        handler=post_initialize,
        summary="Begin the goals that wait for no other",
        answers={200: Assigned},
        errors=(401, 503),
        secured=True,
    ),
    Operation(
        method="POST",
        path=f"{CHALLENGES}/{{challengeId}}/goals/{{goalId}}/claim",
        handler=post_claim,
        summary="Claim the reward of a goal, once",
        parameters=GoalPath,
        answers={200: Claimed},
        errors=(401, 404, 409, 502, 503),
        secured=True,
    ),
    *health.OPERATIONS,
)
