"""Users and their churches in the database. It must not know how a password becomes a hash, nor HTTP."""

import asyncpg

from surgeline_systems.conversations.bodies import User
from surgeline_systems.conversations.tokens import Caller, CallerGoneError

JOIN = """
    INSERT INTO users (email, name, password_hash, church_id, role) VALUES ($1, $2, $3, $4, 'member')
    RETURNING id, email, name, role, church_id, created_at
"""
# Who comes without a church founds one.
FOUND = """
    WITH founded AS (
        INSERT INTO churches (id, name) VALUES ('church-' || gen_random_uuid(), 'The church of ' || $2::text)
        RETURNING id
    )
    INSERT INTO users (email, name, password_hash, church_id, role) SELECT $1, $2, $3, founded.id, 'admin' FROM founded
    RETURNING id, email, name, role, church_id, created_at
"""
BY_EMAIL = "SELECT id, email, name, role, church_id, created_at, password_hash FROM users WHERE email = $1"
BY_ID = "SELECT id, email, name, role, church_id, created_at FROM users WHERE id = $1"


class EmailTakenError(Exception):
    """Another user has this address."""


class UnknownChurchError(Exception):
    """There is no such church."""


async def register(pool: asyncpg.Pool, email: str, name: str, password_hash: str, church_id: str | None) -> User:
    """Make a user: a member of the church, or the admin of a new one. Raises: EmailTakenError, UnknownChurchError."""
    try:
        if church_id is None:
            return _user(await pool.fetchrow(FOUND, email, name, password_hash))
        return _user(await pool.fetchrow(JOIN, email, name, password_hash, church_id))
    except asyncpg.UniqueViolationError as error:
        raise EmailTakenError(email) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise UnknownChurchError(church_id) from error


async def with_email(pool: asyncpg.Pool, email: str) -> tuple[User, str] | None:
    """The user of an address, and the hash of the password."""
    row = await pool.fetchrow(BY_EMAIL, email)
    return None if row is None else (_user(row), row["password_hash"])


async def of_caller(pool: asyncpg.Pool, caller: Caller) -> User:
    """The user whose token it is. Raises: CallerGoneError."""
    row = await pool.fetchrow(BY_ID, caller.user_id)
    if row is None:
        raise CallerGoneError(caller.user_id)
    return _user(row)


def caller(user: User) -> Caller:
    """What a token says of a user."""
    return Caller(user.id, user.church_id, user.role)


def _user(row: asyncpg.Record) -> User:
    return User(*tuple(row)[:6])
