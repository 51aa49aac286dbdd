"""Gives out a goal's reward, once. It must not know HTTP.

A claim first reserves the reward, for as long as giving it out takes at most; then it is given; then that is written.
A service that dies in between leaves the reservation, which runs out: then the reward can be claimed again, under the
same key, by which the reward service knows that it has given it.
"""

from datetime import timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from surgeline_systems.challenges.catalogue import Goal
from surgeline_systems.challenges.rewards import TIMEOUT_SECONDS, Give, RewardError

LEASE = timedelta(seconds=2 * TIMEOUT_SECONDS)

Refusal = Literal["GOAL_NOT_COMPLETED", "ALREADY_CLAIMED", "PREREQUISITES_NOT_COMPLETED", "BEING_CLAIMED"]

# The one row that is given back says why nothing was reserved, or null where it was.
RESERVE = """
    WITH waiting AS (
        SELECT count(*) < cardinality($3::text[]) AS waits FROM user_goal_progress
        WHERE user_id = $1 AND goal_id = ANY ($3) AND completed_at IS NOT NULL
    ), reserved AS (
        UPDATE user_goal_progress SET claiming_until = now() + $4::interval
        FROM waiting
        WHERE user_id = $1 AND goal_id = $2 AND NOT waits AND completed_at IS NOT NULL AND claimed_at IS NULL
              AND (claiming_until IS NULL OR claiming_until < now())
        RETURNING goal_id
    )
    SELECT CASE
        WHEN EXISTS (SELECT FROM reserved) THEN NULL
        WHEN stored.completed_at IS NULL THEN 'GOAL_NOT_COMPLETED'
        WHEN stored.claimed_at IS NOT NULL THEN 'ALREADY_CLAIMED'
        WHEN waits THEN 'PREREQUISITES_NOT_COMPLETED'
        ELSE 'BEING_CLAIMED'
    END
    FROM waiting LEFT JOIN user_goal_progress AS stored ON stored.user_id = $1 AND stored.goal_id = $2
"""
FINISH = """
    UPDATE user_goal_progress SET claimed_at = now(), claiming_until = NULL WHERE user_id = $1 AND goal_id = $2
"""
LET_GO = "UPDATE user_goal_progress SET claiming_until = NULL WHERE user_id = $1 AND goal_id = $2"


async def claim(pool: asyncpg.Pool, give: Give, user_id: UUID, goal: Goal) -> Refusal | None:
    """Give the user the goal's reward; gives the reason where that may not be. Raises: RewardError."""
    refusal: Refusal | None = await pool.fetchval(RESERVE, user_id, goal.id, list(set(goal.prerequisites)), LEASE)
    if refusal is not None:
        return refusal
    try:
        await give(str(user_id), f"{user_id}:{goal.id}", goal.reward)
    except RewardError:
        await pool.execute(LET_GO, user_id, goal.id)
        raise
    await pool.execute(FINISH, user_id, goal.id)
    return None
