"""Rows that refer to a parent that is not there, as databases speak of them: in failing answers, in exceptions.

Pure text. Must not know how a text came here, nor what is to be done about it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_PLACES = 20
_MOST_CHARACTERS = 65_536
"""Of a text: what a database says stands at its front, and a page about the error may be long."""
_MOST_OF_A_NAME = 100
_QUOTE = r"""(?:\\*["'`]|\\+u0022|&quot;|&\#34;)"""
"""As in text, in JSON, in JSON as text, and in HTML."""
_NAME = r"[^\s\"'`\\&<>();,]+"

_HINTS = (
    "is not present in table", "foreign key", "foreignkeyviolation", "child row", "er_no_referenced_row",
    "23503", "1452",
)  # fmt: skip
"""One of these stands in each text that the patterns find something in. The load waits meanwhile, and a look for words
takes a hundredth of the time."""

# PostgreSQL, errors 23503: its detail names the key and the table, in that order.
_NOT_PRESENT = re.compile(
    r"Key \((?P<columns>[^()\n]{1,200})\)=\((?P<key>.{1,200}?)\) is not present in table "
    rf"{_QUOTE}(?P<table>{_NAME})"
)
# MySQL and MariaDB, errors 1216 and 1452: `shop`.`orders`, CONSTRAINT `x` FOREIGN KEY (`user_id`) REFERENCES `users`
_REFERENCES = re.compile(
    rf"FOREIGN KEY \({_QUOTE}?(?P<columns>{_NAME}?){_QUOTE}?\) REFERENCES (?:{_QUOTE}{_NAME}?{_QUOTE}\.)?"
    rf"{_QUOTE}(?P<table>{_NAME}?){_QUOTE}"
)
_SAYS_SO = re.compile(
    r"violates foreign key constraint|Cannot add or update a child row|foreign key constraint (?:failed|fails|violat)"
    r"|ForeignKeyViolation|ER_NO_REFERENCED_ROW"
    r"|(?:code|state|error|errno)\W{1,8}(?:23503|1452)\b",
    re.IGNORECASE,
)
# A parent that cannot go because of its children: nothing that is missing.
_THE_OTHER_WAY = re.compile(
    r"is still referenced from table|update or delete on table|Cannot delete or update a parent row|\b1451\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MissingParent:
    """What a database said of a row whose parent is not there."""

    where: str
    """What met it: a request by method and name, a scenario's iterations."""
    table: str | None = None
    """The parent's; None where the database has not said."""
    columns: str | None = None
    """Those of the row that refers to it."""
    key: str | None = None
    """An example of what is not there."""


def find_missing_parent(where: str, text: str) -> MissingParent | None:
    """Return what a text says of a parent that is not there; None where it speaks of something else."""
    text = text[:_MOST_CHARACTERS]
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS) or _THE_OTHER_WAY.search(text):
        return None
    told = _NOT_PRESENT.search(text)
    if told is not None:
        return MissingParent(where, _short(told["table"]), _short(told["columns"]), _short(told["key"]))
    if not _SAYS_SO.search(text):
        return None
    told = _REFERENCES.search(text)
    return (
        MissingParent(where) if told is None else MissingParent(where, _short(told["table"]), _short(told["columns"]))
    )


def _short(name: str) -> str:
    return name if len(name) <= _MOST_OF_A_NAME else f"{name[:_MOST_OF_A_NAME]}..."


class MissingParents:
    """What was found in a run: the first of each place and table."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], MissingParent] = {}

    @property
    def found(self) -> tuple[MissingParent, ...]:
        """In the order in which they were found."""
        return tuple(self._found.values())

    def look(self, where: str, text: str) -> None:
        """Look for one in a text."""
        found = find_missing_parent(where, text)
        if found is not None:
            self.take([found])

    def take(self, several: Iterable[MissingParent]) -> None:
        """Take what was found, maybe in another process."""
        for one in several:
            if len(self._found) < MOST_PLACES:
                self._found.setdefault((one.where, one.table), one)
