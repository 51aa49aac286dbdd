"""What the table says of one user's goals. It must not know HTTP, nor how rewards are given out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from surgeline_systems.challenges.catalogue import Goal

OF_USER = "SELECT goal_id, progress, completed_at, claimed_at FROM user_goal_progress WHERE user_id = $1"
ASSIGN = """
    INSERT INTO user_goal_progress (user_id, goal_id, target)
    SELECT $1, goal.id, goal.target FROM unnest($2::text[], $3::bigint[]) AS goal (id, target)
    ORDER BY goal.id COLLATE "C"
    ON CONFLICT DO NOTHING
"""

Status = Literal["not_started", "in_progress", "completed", "claimed"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a user has come with a goal."""

    progress: int = 0
    completed_at: datetime | None = None
    claimed_at: datetime | None = None


def status_of(progress: Progress | None) -> Status:
    """What it is called; None is a goal that the user has not been assigned."""
    if progress is None:
        return "not_started"
    if progress.completed_at is None:
        return "in_progress"
    return "completed" if progress.claimed_at is None else "claimed"


async def of_user(pool: asyncpg.Pool, user_id: UUID) -> Mapping[str, Progress]:
    """All that a user has begun, by the ids of the goals."""
    return {row[0]: Progress(*tuple(row)[1:]) for row in await pool.fetch(OF_USER, user_id)}


async def assign(pool: asyncpg.Pool, user_id: UUID, goals: Sequence[Goal]) -> int:
    """Begin goals that the user has not begun; gives how many these were."""
    ids, targets = [goal.id for goal in goals], [goal.requirement.target_value for goal in goals]
    done: str = await pool.execute(ASSIGN, user_id, ids, targets)
    return int(done.rpartition(" ")[2])
