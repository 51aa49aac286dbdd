"""What PyMySQL raises, as errors of ours: the one place that knows its exceptions and the servers' numbers.

No message has a password in it: statements hold none, and of connections only user, host and database are told.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from pymysql.connections import Connection

from surgeline.seeding.database import DatabaseError, RefusedRowsError
from surgeline.seeding.url import DatabaseURL

_SHOWN_CHARACTERS = 300
_ACCESS_DENIED = {1044, 1045, 1698}
_UNKNOWN_DATABASE = 1049
_CANNOT_CONNECT = {2002, 2003, 2005}
_LOST = {1053, 1077, 1078, 1317, 1927, 2006, 2013, 2055, 4031}
_DEADLOCK, _LOCK_TIMEOUT = 1213, 1205
# Duplicates, parents and children, NULL, values that do not fit, CHECK constraints of either server, JSON, and what a
# trigger raises.
_REFUSED_ROWS = {
    1048, 1062, 1136, 1169, 1216, 1217, 1263, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1411, 1451, 1452, 1557, 1586,
    1644, 1690, 3140, 3141, 3156, 3819, 4025, 4078,
}  # fmt: skip


@contextmanager
def mapped(what: str) -> Iterator[None]:
    """Raise DatabaseError or RefusedRowsError for what goes wrong in the block; `what` is the statement."""
    try:
        yield
    except pymysql.Error as error:
        raise _explained(error, what) from error
    except UnicodeEncodeError as error:
        raise RefusedRowsError(f"expected texts of Unicode, found half of a surrogate pair: {error.reason}") from error
    except RuntimeError as error:
        raise DatabaseError(
            f"expected rows of the server, found that it asks for a file of this machine (in: {shortened(what)})"
        ) from error


@contextmanager
def closed_unless_whole(connection: Connection) -> Iterator[None]:
    """Close the connection when something ends the block in the middle of a message, as Ctrl-C does.

    The server would take what comes next for the rest of it, and both sides would wait for each other. The same is true
    where it asked for a file, which PyMySQL answers with a RuntimeError.
    """
    try:
        yield
    except (RuntimeError, KeyboardInterrupt, SystemExit):
        connection.close()
        raise


@contextmanager
def mapped_opening(url: DatabaseURL) -> Iterator[None]:
    """Raise DatabaseError for a connection that cannot be opened: who, where, why and what to do."""
    where = f"the MySQL or MariaDB database {url.database!r} at {url.place}"
    try:
        yield
    except pymysql.Error as error:
        raise DatabaseError(f"expected {where}, {_refused(error, url)}") from error
    except (RuntimeError, ValueError, OSError) as error:
        # A way to prove the password that PyMySQL has not, or certificates that cannot be read.
        raise DatabaseError(f"expected {where}, found: {error}. Check the URL and its options") from None


def _refused(error: pymysql.Error, url: DatabaseURL) -> str:
    number, text = _parts(error)
    if number == _UNKNOWN_DATABASE:
        return "found a server without that database; make it and run the migrations, or correct the URL"
    if number in _ACCESS_DENIED:
        return f"found that it does not let in user {url.user!r}: {text}. Correct the user or password in the URL"
    if number in _CANNOT_CONNECT:
        return f"found no server there: {text}. Start it, or correct the URL"
    return f"found a server that refuses the connection: {text}"


def _explained(error: pymysql.Error, what: str) -> DatabaseError:
    number, text = _parts(error)
    if number in _REFUSED_ROWS:
        return RefusedRowsError(f"the database refuses rows: {text}")
    if number in _LOST or isinstance(error, pymysql.InterfaceError):
        return DatabaseError(
            f"expected an answer of the database, found the connection lost: {text or 'closed'} "
            f"(in: {shortened(what)}). What was not committed is undone"
        )
    if number in {_DEADLOCK, _LOCK_TIMEOUT}:
        return DatabaseError(
            f"expected to be alone with the tables, found that another session holds rows of them: {text}. End the "
            "load or the application's transactions, then try again"
        )
    return DatabaseError(f"the database refuses a statement: {text} (error {number}, in: {shortened(what)})")


def _parts(error: pymysql.Error) -> tuple[int, str]:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return number, str(error.args[-1]) if error.args else ""


def shortened(text: str) -> str:
    """Return a text in one line, fit for a message."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
