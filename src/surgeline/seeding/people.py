"""Generators of people: names of many cultures, and e-mail addresses made of such names.

Must not know any table, nor any database.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from surgeline._native.mixing import below
from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding.generator import Generator, Kind, Place, Shape
from surgeline.seeding.people_names import FIRST_NAMES, LAST_NAMES

_DOMAIN = re.compile(r"(?=.{1,180}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_WITHOUT_MARKS = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "ı": "i", "'": None})  # noqa: RUF001 - Turkish
"""Letters that Unicode does not take apart into an ASCII letter and a mark."""


class Name(Generator, frozen=True, tag="name"):
    """First and last name of a person; many stand in more than one row."""

    def values(self, rows: Sequence[int], place: Place) -> list[str]:
        """Return the names."""
        return [f"{first} {last}" for first, last in _drawn(rows, place, FIRST_NAMES, LAST_NAMES)]

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.TEXT, longest=_longest(FIRST_NAMES) + 1 + _longest(LAST_NAMES))


class Email(Generator, frozen=True, tag="email"):
    """E-mail address of a person: the number of the row before the @ makes it the only one of its kind."""

    domain: str

    @property
    def numbered(self) -> bool:
        """See Generator."""
        return True

    def values(self, rows: Sequence[int], place: Place) -> list[str]:
        """Return the addresses."""
        people = _drawn(rows, place, *_local_parts())
        end = f"@{self.domain}"
        return [f"{first}.{last}.{row}{end}" for row, (first, last) in zip(rows, people, strict=True)]

    def shape(self, rows: int) -> Shape:
        """Return what is known of them."""
        first, last = map(_longest, _local_parts())
        digits = len(str(max(rows - 1, 0)))
        return Shape(Kind.TEXT, longest=first + 1 + last + 1 + digits + 1 + len(self.domain), unique=True)


@explained("name")
def name() -> Name:
    """Return a generator of names such as `Zoë Okafor`."""
    return Name()


@explained("email")
def email(domain: str = "test.com") -> Email:
    """Return a generator of addresses such as `zoe.okafor.17@test.com`: ASCII, lower case, 17 the number of the row.

    Raises OptionError when `domain` is not a host's name in lower case.
    """
    if not isinstance(domain, str) or _DOMAIN.match(domain) is None:
        raise OptionError(
            f'email: expected a domain of lower-case letters, digits, "-" and ".", such as "test.com", found {domain!r}'
        )
    return Email(domain=domain)


def _drawn(rows: Sequence[int], place: Place, firsts: Sequence[str], lasts: Sequence[str]) -> list[tuple[str, str]]:
    """Draw a first and a last name for each row."""
    first = below(place.part("first").key, rows, len(firsts))
    last = below(place.part("last").key, rows, len(lasts))
    return [(firsts[one], lasts[other]) for one, other in zip(first, last, strict=True)]


@lru_cache(maxsize=1)
def _local_parts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return all first and all last names as addresses write them."""
    return tuple(map(_plain, FIRST_NAMES)), tuple(map(_plain, LAST_NAMES))


def _plain(word: str) -> str:
    """Return a name in lower-case ASCII: without accents and apostrophes."""
    apart = unicodedata.normalize("NFKD", word.lower().translate(_WITHOUT_MARKS))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _longest(words: Sequence[str]) -> int:
    return max(map(len, words))
