"""A pool of the elements of a JSON array, or of the values on the lines of a file."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from surgeline._native.records import Kind, MalformedError, Problem, RecordIndex
from surgeline.data.drawing import Pool
from surgeline.data.record_file import BLOCK_BYTES, UTF8_MARK, RecordFile, found_from_script
from surgeline.data.sources import FileSource
from surgeline.errors import OptionError

_OPTION = "pool.json"
_OF_LINES = (".jsonl", ".ndjson")
_NAME_IT = 'or name the array inside of an object: at="users"'
_LOOKED_AT = 4096
"""Bytes in which the first that is no white space is looked for."""
_CLOSING = {"[": "]", "{": "}"}
_SAYS = {
    Problem.ZERO_BYTE: "expected text, found a zero byte: is it a binary file, or in UTF-16?",
    Problem.OPEN_QUOTE: "expected a quote that closes the one here, found none before the end of the line",
    Problem.OPEN_BRACKET: "expected {closing} for the {bracket} here, found none {where}",
    Problem.WRONG_BRACKET: "expected the closing bracket of what was opened last, found {found}",
    Problem.TOO_DEEP: "expected at most 1,024 brackets in one another, found more",
    Problem.NO_VALUE: "expected a value, found {found}",
    Problem.NO_COMMA: "expected {after} after a value, found {found}",
    Problem.AFTER_END: "expected the end of the file, found {found}; where each line is a value, call the file *.jsonl",
    Problem.NO_ARRAY: "expected {array}, found {found}",
    Problem.NO_OBJECT: "expected an object with {array}, found {found}",
    Problem.NO_KEY: "expected {array}, found an object without it",
    Problem.BAD_KEY: "expected a key and its colon, found {found}",
}


class _Values(Sequence[Any]):
    """The values of a file, each read anew."""

    def __init__(self, file: RecordFile) -> None:
        self._file = file
        self._count = len(file)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        record = self._file.record(index)
        try:
            return msgspec.json.decode(record)
        except (ValueError, RecursionError) as error:
            what = f"expected JSON in value {index + 1:,} of the file, found it malformed: {error}"
            self._file.refuse(what, self._file.line(index))


def json_values(path: object, at: str | None) -> Pool[Any]:
    """Return the pool of `pool.json`."""
    if at is not None and not isinstance(at, str):
        raise OptionError(f"{_OPTION}: expected the name of an array for at, found {at!r}")
    file = RecordFile(found_from_script(path, _OPTION), _OPTION)
    head = file.begins_with(_LOOKED_AT)
    start = len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0
    first = head[start:].lstrip()[:1]
    named_lines = file.path.suffix.lower() in _OF_LINES
    kind = Kind.ARRAY if at is not None or (first == b"[" and not named_lines) else Kind.LINES
    # Keys are compared as they are written, and most programs write what is no ASCII as it is.
    key = None if at is None else json.dumps(at, ensure_ascii=False)[1:-1].encode()
    index = RecordIndex(kind, start, spacing=BLOCK_BYTES, key=key)
    file.look_through(index, start, "utf-8", lambda error: _explained(error, kind, at))
    if not len(file):
        file.refuse(f"expected at least one value, found {'an empty array' if kind is Kind.ARRAY else 'an empty file'}")
    if kind is Kind.LINES and len(file) == 1 and first == b"{" and not named_lines:
        file.refuse(f"expected an array, or a value on each line, found one object; call the file *.jsonl, {_NAME_IT}")
    return Pool(_Values(file), FileSource(file.path))


def _explained(error: MalformedError, kind: Kind, at: str | None) -> str:
    """Say what is wrong with a file."""
    found = chr(error.found)
    in_lines = kind is Kind.LINES
    return _SAYS[error.problem].format(
        found=repr(found) if error.found else "the end of the file",
        bracket=found,
        closing=_CLOSING.get(found),
        where=f"in its line; write one value a line, {_NAME_IT}" if in_lines else "before the end of the file",
        after="the end of the line" if in_lines else "a comma or closing bracket",
        array="an array" if at is None else f"an array at {at!r}",
    )
