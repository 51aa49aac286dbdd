"""Where the records of a text file are: rows of CSV, JSON values on lines of their own, elements of a JSON array.

A file of any size is scanned once, at about a gigabyte a second; the index keeps the place of one record for about
every `spacing` bytes. A block is what lies between two of them.
"""

from enum import IntEnum

class Kind(IntEnum):
    """What the records are."""

    CSV = ...
    """Rows: fields may be quoted, a quote within is doubled; rows end with CR, LF or both; empty lines are no rows."""
    LINES = ...
    """JSON, a value on each line; empty lines are none."""
    ARRAY = ...
    """JSON, the elements of an array."""

class Problem(IntEnum):
    """What makes a file's records impossible to tell apart; what `found` is."""

    ZERO_BYTE = ...
    OPEN_QUOTE = ...
    """A quote that nothing closes: before the end of the file, or in JSON before the end of its line."""
    AFTER_QUOTE = ...
    """CSV: a byte between a closing quote and the delimiter."""
    FIELDS = ...
    """CSV: a row with `found` fields, not `fields`."""
    NO_VALUE = ...
    """JSON: a byte where a value must be."""
    NO_COMMA = ...
    """JSON: a byte where a value is over."""
    OPEN_BRACKET = ...
    """JSON: a bracket that nothing closes: before the end of the file, or that of the line for LINES."""
    WRONG_BRACKET = ...
    """JSON: a bracket that closes another one, or none."""
    TOO_DEEP = ...
    """JSON: more than 1,024 brackets in one another."""
    AFTER_END = ...
    """JSON: a byte after the array, or after the object around it."""
    NO_ARRAY = ...
    """JSON: a byte where the array must begin; 0 at the end of the file."""
    NO_OBJECT = ...
    """JSON: a byte where the object with the key must begin; 0 at the end of the file."""
    NO_KEY = ...
    """JSON: an object without the key."""
    BAD_KEY = ...
    """JSON: a byte where a key or its colon must be."""

class MalformedError(Exception):
    """The records of a file cannot be told apart."""

    problem: Problem
    line: int
    """From 1: of the row or value, or where the quote or bracket stands that nothing closes."""
    found: int
    """A byte, or a number of fields: see `Problem`."""
    fields: int
    """How many fields each row has; 0 before the first."""

class Block:
    """The records of a block, by the numbers that they have in the file."""

    size: int
    """Of its bytes."""

    def __len__(self) -> int:
        """Return how many there are."""

    def record(self, number: int) -> bytes:
        """Return a record's bytes, without its line end or comma. Raises IndexError."""

    def line(self, number: int) -> int:
        """Return the line of the file in which the record begins, from 1. Raises IndexError."""

class RecordIndex:
    """The places of a file's records; a file is fed to it from beginning to end."""

    fields: int
    """CSV: how many each row has; 0 before the first."""
    blocks: int
    """How many there are."""

    def __init__(
        self,
        kind: Kind,
        start: int = 0,
        *,
        delimiter: int = 44,
        fields: int = 0,
        spacing: int = 0,
        key: bytes | None = None,
    ) -> None:
        """Begin at the offset `start`, which lies in line 1. A block has at least `spacing` bytes, but for the last.

        CSV: `delimiter` is a byte; each row has `fields` fields, or as many as the first where that is 0. ARRAY: with a
        `key`, the array is that member of the object that is the file; keys are compared as they are written, so `key`
        is what stands between its quotes.
        """

    def __len__(self) -> int:
        """Return how many records there are."""

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the file, without the GIL. Raises MalformedError; the index is of no use then."""

    def end(self) -> None:
        """Tell that there are no more. Raises MalformedError."""

    def block_of(self, number: int) -> int:
        """Return the number of the block that a record is in; all numbers begin at 0. Raises IndexError."""

    def bounds(self, block: int) -> tuple[int, int]:
        """Return the offsets of a block's beginning and its end. Raises IndexError."""

    def cut(self, block: int, data: bytes) -> Block:
        """Return the records of a block, whose bytes are given.

        Raises MalformedError when the bytes cannot be those that the index was made of; IndexError.
        """
