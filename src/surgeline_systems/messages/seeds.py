"""Whom the messages go to: users whose ids a load script knows without a query.

    surgeline seed apply seeds.py --database URL [-e USERS=10000]

Messages to anybody else are refused by the foreign key, as they should be.
"""

from surgeline import env
from surgeline.seeding import choice, date, pattern, table, timestamp, uuid, written

users = table(
    "users",
    rows=env("USERS", 10_000),
    key="id",
    columns={
        "id": uuid("00000000-0000-4000-8000-{:012d}", first=1),
        "email": pattern("perf.user.{}@test.com", first=1),
        "timezone": choice(["America/New_York", "Asia/Tokyo", "Australia/Melbourne", "Europe/London", "UTC"]),
        "birthday": date("1950-01-01", "2005-12-31"),
        "created_at": timestamp("2020-01-01T00:00:00Z", "2024-12-31T23:59:59Z"),
    },
)

written("message_logs")
written("message_counts")
