"""What the challenges system's database holds: goals that users have reached, and others that they nearly have.

    surgeline seed apply seeds.py --database URL [-e USERS=10000]

The users are those of `surgeline fixtures users`, and the goals those of `surgeline fixtures catalogue`: both make the
same ones each time. Every user has begun the first goal of each challenge, which waits for no other, and has completed
every second one of these: its reward is there to be claimed.
"""

from datetime import UTC, datetime

from surgeline import env
from surgeline.seeding import Row, computed, constant, foreign_key, pattern, table, uuid
from surgeline_systems.challenges.catalogue import load_catalogue
from surgeline_systems.challenges.progress_writer import LOGIN_STATISTIC

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
GOALS = 10

requirements = {goal_id: goal.requirement for goal_id, goal in load_catalogue("").goals.items()}

users = table(
    "users", rows=env("USERS", 10_000), key="id", columns={"id": uuid("00000000-0000-4000-8000-{:012d}", first=1)}
)

seeded_goals = table(
    "seeded_goals", rows=GOALS, key="goal_id", columns={"goal_id": pattern("challenge-{:03d}-goal-001", first=1)}
)


def progress(row: Row) -> int:
    """All of it, or one less."""
    target: int = row["target"]
    return target - row.number % 2


user_goal_progress = table(
    "user_goal_progress",
    key=("user_id", "goal_id"),
    columns={
        "user_id": foreign_key(users, per_parent=GOALS),
        "goal_id": foreign_key(seeded_goals, distinct_in=GOALS),
        "target": computed(lambda row: requirements[row["goal_id"]].target_value),
        "progress": computed(progress),
        "counts_days": computed(lambda row: requirements[row["goal_id"]].stat_code == LOGIN_STATISTIC),
        "counted_at": constant(LONG_AGO),
        "completed_at": computed(lambda row: None if row.number % 2 else LONG_AGO),
        "claiming_until": constant(None),
        "claimed_at": constant(None),
    },
)
