"""What users ask about seeded coupons, each question with its right answer: the declaration says it, without a query.

This module must not know how a question gets to the service.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from surgeline import VU, pool
from surgeline.seeding import Table
from surgeline_systems.coupons.rules import Facts, Reason, reason_against

# What is over ended by 2025, and what is to come begins in the 2090s: the answers of this day are those of all others.
A_DAY = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the service with its right answer; `reason` is None when the coupon is valid."""

    code: str
    user_id: str
    reason: Reason | None


class Questions:
    """Questions about what these tables hold."""

    def __init__(self, users: Table, coupons: Table, coupon_usage: Table) -> None:
        self._users = pool.table(users, "id")
        # All made now: one at a time, the many computed values of a coupon would take from the load.
        self._coupons = pool.rows(list(_rows(coupons)))
        self._users_of: dict[str, list[str]] = defaultdict(list)
        for use in _rows(coupon_usage):
            self._users_of[use["coupon_id"]].append(use["user_id"])

    def draw(self, vu: VU) -> Question:
        """A question such as people ask: mostly for a coupon of their own, now and then with a typing mistake."""
        coupon = self._coupons.random(vu)
        user = self._users.random(vu)
        if coupon["user_id"] is not None and vu.random.random() < 0.8:
            user = coupon["user_id"]
        if vu.random.random() < 0.05:
            return Question(coupon["code"] + "-X", user, Reason.UNKNOWN_CODE)
        return Question(coupon["code"], user, self._reason_against(coupon, user))

    def _reason_against(self, coupon: dict[str, Any], user: str) -> Reason | None:
        """The right answer to whether a seeded user may use a seeded coupon."""
        users = self._users_of.get(coupon["id"], [])
        return reason_against(
            Facts(
                user=user,
                code_known=True,
                user_known=True,
                status=coupon["status"],
                owner=coupon["user_id"],
                started=coupon["valid_from"] <= A_DAY,
                ended=coupon["valid_until"] <= A_DAY,
                max_uses=coupon["max_uses"],
                uses_per_user=coupon["uses_per_user"],
                uses=len(users),
                uses_by_user=users.count(user),
            )
        )


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    """All rows, made a column at a time."""
    columns = [table.column(name).values(range(len(table))) for name in table.columns]
    for row in zip(*columns, strict=True):
        yield dict(zip(table.columns, row, strict=True))
