"""What a seeded coupons system holds, derived from a seed number. Pure: it must not know that there is a database.

Each value depends on (seed, table, row) alone, through a counter hash: any row can be had without the rows before it,
the seeding can start anywhere, and a load script knows codes, users and the right answers without a query.

Dates are fixed, not relative to today: what is over ended by 2025, what is on lasts into the 2090s.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from surgeline import SurgelineError
from surgeline_systems.coupons.rules import Facts, Reason, reason_against

DEFAULT_SEED = 1
DEFAULT_USERS = 1_000_000
DEFAULT_COUPONS = 5_000
MOST_USERS = 10_000_000  # seven digits in an id

# Coupon k has the type of k % 2 and the status of k // 2 % 20, so that in each 40 the shares are exact.
COUPONS_PERIOD = 40
STATUSES = ("active",) * 12 + ("expired",) * 5 + ("inactive",) * 3

# How many recorded uses an active coupon has, drawn evenly: one on average.
USES = (0, 1, 1, 2)
LIMITS = (1, 2, 3, 100)
USES_PER_COUPON = 2

LONG_AGO = datetime(2023, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2090, 1, 1, tzinfo=UTC)
MASK = (1 << 64) - 1


def splitmix64(counter: int) -> int:
    """64 well-mixed bits for a counter (Steele, Lea and Flood, 2014)."""
    mixed = (counter * 0x9E3779B97F4A7C15) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return mixed ^ (mixed >> 31)


def table_key(seed: int, table: str) -> int:
    """Where a table's counter starts. Keys of different tables and seeds are far apart, so rows never share bits."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{table}".encode(), digest_size=8).digest(), "big")


def user_id(number: int) -> str:
    """The id of a seeded user."""
    return f"user_{number:07d}"


@dataclass(frozen=True, slots=True)
class Coupon:
    """A seeded coupon. `owner` and `used_by` are numbers of users."""

    id: UUID
    code: str
    type: str
    status: str
    owner: int | None
    valid_from: datetime
    valid_until: datetime
    max_uses: int
    uses_per_user: int
    used_by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """A recorded use of a coupon."""

    id: UUID
    coupon_id: UUID
    user: int
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the service with its right answer; `reason` is None when the coupon is valid."""

    code: str
    user_id: str
    reason: Reason | None


class SizeError(SurgelineError):
    """There cannot be that many users or coupons."""


class Catalogue:
    """The users, coupons and uses of one seed number and size."""

    def __init__(self, seed: int = DEFAULT_SEED, users: int = DEFAULT_USERS, coupons: int = DEFAULT_COUPONS) -> None:
        """Raises: SizeError for sizes that cannot be."""
        if not 2 <= users <= MOST_USERS:
            raise SizeError(f"expected 2 to {MOST_USERS:,} users, found {users:,}")
        if coupons < COUPONS_PERIOD or coupons % COUPONS_PERIOD:
            raise SizeError(f"expected a multiple of {COUPONS_PERIOD} coupons (for exact shares), found {coupons:,}")
        self.seed = seed
        self.users = users
        self.coupons = coupons
        self._coupon_key = table_key(seed, "coupons")
        self._uuid_key = table_key(seed, "coupons.id")
        self._usage_key = table_key(seed, "coupon_usage")

    def coupon(self, number: int) -> Coupon:
        """The coupon of a number below `coupons`."""
        bits = splitmix64(self._coupon_key + number)
        owner = bits % self.users if number % 2 == 0 else None
        status = STATUSES[number // 2 % len(STATUSES)]
        valid_from, valid_until = _validity(status, bits, personal=owner is not None)
        used_by = self._used_by(bits, owner) if status == "active" and valid_from < FAR_AHEAD else ()
        max_uses = max(LIMITS[bits >> 60 & 3], len(used_by))
        return Coupon(
            id=_uuid(self._uuid_key, number),
            code=f"{'TIME' if owner is None else 'USER'}-{bits >> 24 & 0xFFFFF:05X}-{number:05d}",
            type="time_specific" if owner is None else "user_specific",
            status=status,
            owner=owner,
            valid_from=valid_from,
            valid_until=valid_until,
            max_uses=max_uses,
            uses_per_user=1 if owner is None else max_uses,
            used_by=used_by,
        )

    def usages(self) -> Iterator[Usage]:
        """All recorded uses, in the order of their coupons."""
        for number in range(self.coupons):
            coupon = self.coupon(number)
            for place, user in enumerate(coupon.used_by):
                row = number * USES_PER_COUPON + place
                used_at = coupon.valid_from + timedelta(seconds=splitmix64(self._usage_key + row) % 31_536_000)
                yield Usage(_uuid(self._usage_key ^ MASK, row), coupon.id, user, used_at)

    def reason_against(self, coupon: Coupon, user: int) -> Reason | None:
        """The right answer to whether a seeded user may use a seeded coupon."""
        return reason_against(
            Facts(
                user=user_id(user),
                code_known=True,
                user_known=True,
                status=coupon.status,
                owner=None if coupon.owner is None else user_id(coupon.owner),
                started=coupon.valid_from < FAR_AHEAD,
                ended=coupon.valid_until < FAR_AHEAD,
                max_uses=coupon.max_uses,
                uses_per_user=coupon.uses_per_user,
                uses=len(coupon.used_by),
                uses_by_user=coupon.used_by.count(user),
            )
        )

    def question(self, random: Random) -> Question:
        """A question such as people ask: mostly for a coupon of their own, now and then with a typing mistake."""
        coupon = self.coupon(random.randrange(self.coupons))
        user = random.randrange(self.users)
        if coupon.owner is not None and random.random() < 0.8:
            user = coupon.owner
        if random.random() < 0.05:
            return Question(coupon.code + "-X", user_id(user), Reason.UNKNOWN_CODE)
        return Question(coupon.code, user_id(user), self.reason_against(coupon, user))

    def _used_by(self, bits: int, owner: int | None) -> tuple[int, ...]:
        """The owner again and again; of a coupon for everyone, neighbours, since each may use it once."""
        count = USES[bits >> 44 & 3]
        if owner is not None:
            return (owner,) * count
        first = splitmix64(bits) % self.users
        return tuple((first + place) % self.users for place in range(count))


def _validity(status: str, bits: int, *, personal: bool) -> tuple[datetime, datetime]:
    """From when until when. One in sixteen of the active coupons for everyone has not begun."""
    begin = LONG_AGO + timedelta(days=bits >> 46 & 0xFF)
    if status == "expired":
        return begin, begin + timedelta(days=30 + (bits >> 54 & 0x3F))
    if not personal and bits >> 54 & 0xF == 0:
        begin = FAR_AHEAD + timedelta(days=bits >> 46 & 0xFF)
    return begin, FAR_AHEAD + timedelta(days=365 + (bits >> 46 & 0xFF))


def _uuid(key: int, row: int) -> UUID:
    bits = splitmix64(key + row) << 64 | splitmix64(key - row - 1)
    return UUID(int=bits, version=4)
