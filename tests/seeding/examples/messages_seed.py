"""The users that a load test of a message service refers to: the same 10,000 wherever it runs."""

from surgeline.seeding import choice, date, name, pattern, table, timestamp, uuid, written

users = table(
    "users",
    rows=10_000,
    key="id",
    columns={
        "id": uuid("00000000-0000-4000-8000-{:012d}"),
        "email": pattern("perf.user.{}@test.com"),
        "name": name(),
        "timezone": choice(
            {
                "America/New_York": 30,
                "Europe/London": 20,
                "Europe/Berlin": 15,
                "Asia/Kolkata": 15,
                "Asia/Tokyo": 10,
                "Australia/Sydney": 10,
            }
        ),
        "birthday": date("1950-01-01", "2006-12-31"),
        "anniversary": date("2015-01-01", "2024-12-31"),
        "created_at": timestamp("2024-01-01T00:00:00+00:00", "2024-12-31T23:59:59+00:00"),
    },
)

message_logs = written("message_logs")
