"""Answers whether a user may use a coupon now, with one query. It must not know HTTP, nor who asks and why."""

import asyncpg

from surgeline_systems.coupons.rules import Facts, Reason, reason_against

# All facts in one visit, in the order of `Facts` after `user`. The one row of `asked` is there for unknown codes too.
# The clock is the database's, so that several services agree on what has expired.
FACTS = """
    SELECT coupon.id IS NOT NULL,
           EXISTS (SELECT FROM users WHERE users.id = asked.user_id),
           coupon.status,
           coupon.user_id,
           coupon.valid_from <= now(),
           coupon.valid_until <= now(),
           coupon.max_uses,
           coupon.uses_per_user,
           used.uses,
           used.uses_by_user
    FROM (VALUES ($1::text, $2::text)) AS asked (code, user_id)
    LEFT JOIN coupons AS coupon ON coupon.code = asked.code
    CROSS JOIN LATERAL (
        SELECT count(*) AS uses, count(*) FILTER (WHERE coupon_usage.user_id = asked.user_id) AS uses_by_user
        FROM coupon_usage
        WHERE coupon_usage.coupon_id = coupon.id
    ) AS used
"""


async def validate(pool: asyncpg.Pool, code: str, user: str) -> Reason | None:
    """Why the coupon is not valid for the user now; None when it is valid."""
    row = await pool.fetchrow(FACTS, code, user)
    return reason_against(Facts(user, *row))
