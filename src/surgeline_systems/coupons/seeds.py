"""What the coupons system's database holds: users, coupons, and the uses of coupons that were recorded.

    surgeline seed apply seeds.py --database URL [-e USERS=1000000] [-e COUPONS=5000]

Dates are fixed, not relative to today: what is over ended by 2025, what is on lasts into the 2090s. What a load script
has to know of a row it makes again from here, without a query.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from surgeline import SurgelineError, env
from surgeline.seeding import Row, choice, computed, name, pattern, table, timestamp, uuid, written

COUPONS = env("COUPONS", 5_000)
PERIOD = 20
LONG_AGO = datetime(2023, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2090, 1, 1, tzinfo=UTC)
# How often active coupons have been used, in turn.
USES = (0, 1, 1, 3)

if COUPONS < PERIOD or COUPONS % PERIOD:
    raise SurgelineError(f"COUPONS: expected a multiple of {PERIOD}, so that the shares are exact, found {COUPONS:,}")

users = table(
    "users",
    rows=env("USERS", 1_000_000),
    key="id",
    columns={
        "id": pattern("user_{:07d}", first=0),
        "email": pattern("user_{:07d}@example.com", first=0),
        "name": name(),
        "created_at": timestamp("2018-01-01T00:00:00Z", "2022-12-31T23:59:59Z"),
    },
)
user_ids = users.column("id")


def owner(row: Row) -> str | None:
    """The one user of a coupon for one user."""
    if row["type"] == "time_specific":
        return None
    return str(user_ids.value(row.random.randrange(len(users))))


def valid_from(row: Row) -> datetime:
    """One in sixteen of the active coupons for a time has not begun."""
    may_begin_late = row["status"] == "active" and row["type"] == "time_specific"
    begin = FAR_AHEAD if may_begin_late and row.random.randrange(16) == 0 else LONG_AGO
    return begin + timedelta(days=row.random.randrange(256))


def valid_until(row: Row) -> datetime:
    """Only expired coupons are over: a month or more after they began."""
    if row["status"] == "expired":
        begin: datetime = row["valid_from"]
        return begin + timedelta(days=row.random.randrange(30, 94))
    return FAR_AHEAD + timedelta(days=row.random.randrange(365, 621))


coupons = table(
    "coupons",
    rows=COUPONS,
    key="id",
    columns={
        "id": uuid(),
        "code": computed(lambda row: f"{row['type'][:4].upper()}-{row.random.getrandbits(20):05X}-{row.number:05d}"),
        "type": choice({"user_specific": 50, "time_specific": 50}, exact=True),
        "status": choice({"active": 60, "expired": 25, "inactive": 15}, exact=True),
        "user_id": computed(owner),
        "valid_from": computed(valid_from),
        "valid_until": computed(valid_until),
        "max_uses": choice([1, 2, 3, 100]),
        "uses_per_user": computed(lambda row: 1 if row["type"] == "time_specific" else row["max_uses"]),
    },
)
coupon_ids, owners, beginnings = map(coupons.column, ("id", "user_id", "valid_from"))


def uses() -> Iterator[int]:
    """The number of a coupon for each use; only active ones have been used, as often as their limits allow at most."""
    numbers = range(len(coupons))
    told = (coupons.column(column).values(numbers) for column in ("status", "valid_from", "max_uses"))
    for number, status, begin, limit in zip(numbers, *told, strict=True):
        if status == "active" and begin < FAR_AHEAD:
            yield from [number] * min(limit, USES[number % len(USES)])


used = list(uses())


def used_by(row: Row) -> str:
    """The owner again and again; of a coupon for everyone, neighbours, since each may use it once."""
    return str(owners.value(used[row.number]) or user_ids.value(row.number % len(users)))


def used_at(row: Row) -> datetime:
    """Within a year after the coupon began."""
    begin: datetime = beginnings.value(used[row.number])
    return begin + timedelta(seconds=row.random.randrange(31_536_000))


coupon_usage = table(
    "coupon_usage",
    rows=len(used),
    key="id",
    columns={
        "id": uuid(),
        "coupon_id": computed(lambda row: coupon_ids.value(used[row.number])),
        "user_id": computed(used_by),
        "used_at": computed(used_at),
    },
)

written("validation_logs")
