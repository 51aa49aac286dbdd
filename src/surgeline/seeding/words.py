"""A generator of texts: words in no sensible order, as many as are asked for.

Each text is two pieces cut out of one long running text of words, which is much faster than to draw word by word.
Must not know any table, nor any database.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from surgeline._native.mixing import below
from surgeline.errors import OptionError
from surgeline.script.explained import explained
from surgeline.seeding.checked import whole
from surgeline.seeding.generator import Generator, Kind, Place, Shape
from surgeline.seeding.word_list import WORDS

_STARTS = 8_192
"""Places in the running text where a piece may begin."""
_MOST_WORDS = 10_000
_LEAST_CHARACTERS = 20
"""The half of it holds the longest word and a blank."""
_MOST_CHARACTERS = 40_000


class Words(Generator, frozen=True, tag="words"):
    """A sentence of a number of words from `least` to `most`, all numbers equally often."""

    least: int
    most: int

    def values(self, rows: Sequence[int], place: Place) -> list[str]:
        """Return the sentences."""
        text, offsets = _running()
        counts = [self.least + more for more in below(place.part("count").key, rows, self.most - self.least + 1)]
        pieces = [
            text[offsets[one] : offsets[one + (count + 1) // 2]] + text[offsets[other] : offsets[other + count // 2]]
            for one, other, count in zip(*_starts(rows, place), counts, strict=True)
        ]
        return [f"{piece[:-1].capitalize()}." for piece in pieces]

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.TEXT, longest=_longest((self.most + 1) // 2) + _longest(self.most // 2))


class Characters(Generator, frozen=True, tag="characters"):
    """A text of exactly so many characters: whole words, and full stops up to the length."""

    characters: int

    def values(self, rows: Sequence[int], place: Place) -> list[str]:
        """Return the texts."""
        text, offsets = _running()
        starts, others = _starts(rows, place)
        length, half = self.characters, self.characters // 2
        firsts = [text[offsets[start] : offsets[start] + half].rpartition(" ")[0] for start in starts]
        pieces = [
            f"{first} {text[offsets[other] : offsets[other] + length]}"
            for first, other in zip(firsts, others, strict=True)
        ]
        return [piece[:length].rpartition(" ")[0].capitalize().ljust(length, ".") for piece in pieces]

    def shape(self, rows: int) -> Shape:  # noqa: ARG002 - the same for all tables
        """Return what is known of them."""
        return Shape(Kind.TEXT, longest=self.characters)


@explained("text")
def text(words: tuple[int, int] | int | None = None, *, characters: int | None = None) -> Words | Characters:
    """Return a generator of texts such as `Winter orange the quick parcel.`

    words: how many words a text has: a number, or the least and the most (default 5 and 20).
    characters: instead, how many characters each text has, exactly.

    Raises OptionError when both are given, and for numbers that cannot be.
    """
    if characters is None:
        return Words(*_counts((5, 20) if words is None else words))
    if words is not None:
        raise OptionError(f"text: expected words or characters, found both: words={words!r}, characters={characters!r}")
    return Characters(_within(characters, "text: characters", _LEAST_CHARACTERS, _MOST_CHARACTERS))


def _counts(words: tuple[int, int] | int) -> tuple[int, int]:
    """Return the least and the most words."""
    pair = words if isinstance(words, tuple | list) else (words, words)
    if len(pair) != 2:
        raise OptionError(f"text: words: expected a number, or the least and the most such as (5, 20), found {words!r}")
    least = _within(pair[0], "text: words", 1, _MOST_WORDS)
    return least, _within(pair[1], "text: words", least, _MOST_WORDS)


def _within(value: int, where: str, low: int, high: int) -> int:
    if low <= whole(value, where) <= high:
        return value
    raise OptionError(f"{where}: expected a whole number from {low:,} to {high:,}, found {value:,}")


def _starts(rows: Sequence[int], place: Place) -> tuple[list[int], list[int]]:
    """Return the words at which the two pieces of each row begin."""
    return below(place.part("start").key, rows, _STARTS), below(place.part("other").key, rows, _STARTS)


@lru_cache(maxsize=1)
def _running() -> tuple[str, list[int]]:
    """Return the running text, and where each of its words begins; a blank follows each word.

    It is `_STARTS` words long, and the same once more, so that a piece may begin at any of them.
    """
    place = Place(0, "", "running text")
    words = [WORDS[index] for index in below(place.key, range(_STARTS), len(WORDS))] * 2
    return " ".join(words) + " ", [0, *accumulate(len(word) + 1 for word in words)]


@lru_cache(maxsize=256)
def _longest(words: int) -> int:
    """Return the characters of the longest piece of so many words, with a blank after each."""
    offsets = _running()[1]
    return max(offsets[start + words] - offsets[start] for start in range(_STARTS))
