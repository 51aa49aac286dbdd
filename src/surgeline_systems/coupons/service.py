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


async def connect_pool(database_url: str, max_connections: int) -> asyncpg.Pool:
    """Connections that are opened now and stay open; each prepares a statement once and keeps its plan."""
    return await asyncpg.create_pool(
        database_url,
        min_size=max_connections,
        max_size=max_connections,
        # Plans of a fraction of a millisecond do not earn back a compilation.
        server_settings={"jit": "off", "application_name": "surgeline coupons"},
        reset=_keep_session,
    )


async def validate(pool: asyncpg.Pool, code: str, user: str) -> Reason | None:
    """Why the coupon is not valid for the user now; None when it is valid."""
    row = await pool.fetchrow(FACTS, code, user)
    return reason_against(Facts(user, *row))


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Nothing to undo when a connection goes back to the pool; asyncpg would spend a query on it each time."""
