"""Writes what events changed into the table of progress: one UPSERT for all of it. It must not know where they wait."""

from collections.abc import Awaitable, Callable, Sequence

import asyncpg

from surgeline_systems.challenges.catalogue import Catalogue
from surgeline_systems.challenges.change_buffer import Change
from surgeline_systems.challenges.metrics import Metrics

LOGIN_STATISTIC = "days_logged_in"
WriteChanges = Callable[[Sequence[Change]], Awaitable[None]]

# A change is one of a user's statistic, and as many rows as goals ask for that statistic: the database multiplies them.
# In order, so that two that write the same rows wait for one another and never in a circle.
UPSERT = """
    INSERT INTO user_goal_progress AS stored (user_id, goal_id, progress, target, counts_days, counted_at, completed_at)
    SELECT change.user_id, goal.id, reached.progress, goal.target, change.value IS NULL, change.at,
           CASE WHEN reached.progress >= goal.target THEN now() END
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[]) AS change (user_id, statistic, value, at)
    JOIN unnest($5::text[], $6::text[], $7::bigint[]) AS goal (id, statistic, target) USING (statistic)
    CROSS JOIN LATERAL (SELECT coalesce(change.value, 1) AS progress) AS reached
    ORDER BY change.user_id, goal.id COLLATE "C"
    ON CONFLICT (user_id, goal_id) DO UPDATE
    SET progress = CASE WHEN excluded.counts_days THEN stored.progress + 1 ELSE excluded.progress END,
        target = excluded.target,
        counts_days = excluded.counts_days,
        counted_at = excluded.counted_at,
        completed_at = CASE
            WHEN CASE WHEN excluded.counts_days THEN stored.progress + 1 ELSE excluded.progress END >= excluded.target
            THEN now()
        END
    WHERE stored.completed_at IS NULL AND stored.counted_at < excluded.counted_at
"""


def writer_to(pool: asyncpg.Pool, catalogue: Catalogue, metrics: Metrics) -> WriteChanges:
    """Writes changes for the goals of the catalogue."""
    goals = [(goal.id, goal.requirement.stat_code, goal.requirement.target_value) for goal in catalogue.goals.values()]

    async def write(changes: Sequence[Change]) -> None:
        columns = _columns([(one.user_id, one.statistic, one.value, one.at) for one in changes])
        done = await pool.execute(UPSERT, *columns, *_columns(goals))
        metrics.add("flushes_total")
        metrics.add("flushed_rows_total", int(done.rpartition(" ")[2]))

    return write


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
