"""The users of the seeding benchmark: a primary key, a unique email, and two columns more."""

from surgeline import env
from surgeline.seeding import choice, date, pattern, table, uuid, written

users = table(
    "users",
    rows=env("USERS", 1_000_000),
    key="id",
    columns={
        "id": uuid("00000000-0000-4000-8000-{:012d}", first=1),
        "email": pattern("perf.user.{}@test.com", first=1),
        "timezone": choice({"Asia/Jakarta": 5, "Europe/Berlin": 3, "America/New_York": 2}),
        "birthday": date("1950-01-01", "2008-12-31"),
    },
)

written("message_logs")
