"""What asyncpg raises, as errors of ours: the one place that knows its exceptions, but for opening a connection.

No message has a password in it: statements hold none, and of connections only user, host and database are told.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from surgeline.seeding.database import DatabaseError, RefusedRowsError
from surgeline.seeding.url import DatabaseURL

SHOWN_CHARACTERS = 300
_WHAT_TO_DO = {
    "42501": "; grant that to the user, or give a URL with another",
    "55P03": "; another session holds the table, with an open transaction: end it, and try again",
}
# SQLSTATE: data exceptions, violated constraints, and what a trigger raises.
_REFUSED_ROWS = ("22", "23", "P0001")


@contextmanager
def mapped(what: str) -> Iterator[None]:
    """Raise DatabaseError or RefusedRowsError for what goes wrong in the block; `what` is the statement or its gist."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _of_server(error, what) from error
    except (ConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise _lost(error, what) from error


@contextmanager
def mapped_opening(url: DatabaseURL) -> Iterator[None]:
    """Raise DatabaseError for a connection that cannot be opened: who, where, why and what to do."""
    where = f"the PostgreSQL database {url.database!r} at {url.place}"
    try:
        yield
    except asyncpg.InvalidCatalogNameError as error:
        raise DatabaseError(
            f"expected {where}, found a server without that database; "
            "make it and run the migrations, or correct the URL"
        ) from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise DatabaseError(
            f"expected {where} to let in user {url.user or 'of this process'!r}, found: {error}. "
            "Correct the user or password in the URL"
        ) from error
    except asyncpg.PostgresError as error:
        raise DatabaseError(f"expected {where}, found a server that refuses the connection: {error}") from error
    except TimeoutError as error:
        raise DatabaseError(f"expected {where}, found no answer in time; is the address right, and open?") from error
    except OSError as error:
        raise DatabaseError(
            f"expected {where}, could not reach it: {error}. Start the server, or correct the URL"
        ) from error
    except (ValueError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # asyncpg's words for what it cannot read may hold the password.
        raise DatabaseError(
            f"expected {where} and options that asyncpg knows, found {type(error).__name__}; check the URL"
        ) from None


def _of_server(error: asyncpg.PostgresError, what: str) -> DatabaseError:
    state = error.sqlstate or ""
    parts = [error.args[0] if error.args else type(error).__name__, error.detail, error.hint, _where(error)]
    text = "; ".join(part for part in parts if part)
    if state.startswith(_REFUSED_ROWS):
        return RefusedRowsError(f"PostgreSQL refuses rows: {text}")
    text += _WHAT_TO_DO.get(state, "")
    if state.startswith(("08", "57P")):
        return _lost(error, what)
    return DatabaseError(f"PostgreSQL refuses a statement: {text} (SQLSTATE {state}, in: {_shortened(what)})")


def _lost(error: Exception, what: str) -> DatabaseError:
    return DatabaseError(
        f"expected an answer of PostgreSQL, found the connection lost: {error} (in: {_shortened(what)}). "
        "What was not committed is undone"
    )


def _where(error: asyncpg.PostgresError) -> str:
    """The place in the data that COPY was at: its last line, for others are of functions."""
    context: str = error.context or ""
    return _shortened(context.splitlines()[0]) if context.startswith("COPY ") else ""


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
