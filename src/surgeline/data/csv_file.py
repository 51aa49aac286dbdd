"""A pool of the rows of a CSV file."""

import codecs
import csv
from collections import Counter
from collections.abc import Sequence
from typing import Any

from surgeline._native.records import Kind, MalformedError, Problem, RecordIndex
from surgeline.data.drawing import Pool
from surgeline.data.record_file import BLOCK_BYTES, UTF8_MARK, RecordFile, found_from_script
from surgeline.data.sources import FileSource
from surgeline.errors import OptionError

_OPTION = "pool.csv"
_ALL_BYTES = bytes(range(256))
Row = dict[str, str]


class _Fields:
    """Takes rows apart. The scanner has seen that they can be."""

    def __init__(self, delimiter: str, encoding: str) -> None:
        self._delimiter = delimiter
        self._encoding = encoding
        self._dialect = csv.reader([], delimiter=delimiter, strict=True).dialect

    def of(self, row: bytes) -> list[str]:
        """Return the fields of a row."""
        text = row.decode(self._encoding)
        if '"' not in text:
            return text.split(self._delimiter)
        limit = csv.field_size_limit()
        csv.field_size_limit(max(limit, len(text)))
        try:
            return next(csv.reader([text], self._dialect))
        finally:
            csv.field_size_limit(limit)  # it is the script's as well


class _Rows(Sequence[Row]):
    """The rows of a file after the first `skipped`, by their names."""

    def __init__(self, file: RecordFile, fields: _Fields, names: Sequence[str], skipped: int) -> None:
        self._file = file
        self._fields = fields
        self._names = names
        self._skipped = skipped
        self._count = len(file) - skipped

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        row = self._file.record(self._skipped + index)
        try:
            return dict(zip(self._names, self._fields.of(row), strict=True))
        except (ValueError, csv.Error):
            self._file.refuse_as_changed()


def csv_rows(path: object, delimiter: str, columns: Sequence[str] | None, encoding: str) -> Pool[Row]:
    """Return the pool of `pool.csv`."""
    _check_delimiter(delimiter)
    names = None if columns is None else _checked_names(columns)
    encoding = _checked_encoding(encoding)
    file = RecordFile(found_from_script(path, _OPTION), _OPTION)
    start = len(UTF8_MARK) if encoding == "utf-8" and file.begins_with(len(UTF8_MARK)) == UTF8_MARK else 0
    index = RecordIndex(Kind.CSV, start, delimiter=ord(delimiter), fields=len(names or ()), spacing=BLOCK_BYTES)
    file.look_through(index, start, encoding, lambda error: _explained(error, delimiter, names))
    fields = _Fields(delimiter, encoding)
    if names is None:
        rows = _Rows(file, fields, _names_of(file, fields), skipped=1)
    else:
        rows = _Rows(file, fields, names, skipped=0)
    if not len(rows):
        file.refuse(f"expected at least one row{' below its header' if names is None else ''}, found none")
    return Pool(rows, FileSource(file.path))


def _names_of(file: RecordFile, fields: _Fields) -> list[str]:
    """Return the names in the first row."""
    if not len(file):
        file.refuse("expected a header and rows, found an empty file")
    names = fields.of(file.record(0))
    for name, times in Counter(names).items():
        if times > 1:
            file.refuse(f"expected each column once in the header, found {name!r} {times:,} times", file.line(0))
    return names


def _explained(error: MalformedError, delimiter: str, names: Sequence[str] | None) -> str:
    """Say what is wrong with a file."""
    match error.problem:
        case Problem.OPEN_QUOTE:
            return "expected a quote that closes the one here, found none before the end of the file"
        case Problem.AFTER_QUOTE:
            doubled = "a quote within a quoted field is doubled"
            found = repr(chr(error.found))
            return f"expected {delimiter!r} or the end of the row after a closing quote, found {found}; {doubled}"
        case Problem.FIELDS:
            model = "the header" if names is None else "columns"
            return f"expected {_counted(error.fields)}, as in {model}, found {error.found:,}"
        case _:
            return "expected text, found a zero byte: is it a binary file, or in UTF-16?"


def _counted(fields: int) -> str:
    return f"{fields:,} fields" if fields > 1 else "1 field"


def _check_delimiter(delimiter: object) -> None:
    fits = isinstance(delimiter, str) and len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"\r\n\0'
    if not fits:
        raise OptionError(f'{_OPTION}: expected a delimiter of one ASCII character such as ";", found {delimiter!r}')


def _checked_names(columns: Sequence[str]) -> list[str]:
    """Return the names of the columns. Raises OptionError where they are none."""
    names = list(columns) if isinstance(columns, Sequence) and not isinstance(columns, str | bytes) else []
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise OptionError(f'{_OPTION}: expected names for columns, each once, ["id", "name"], found {columns!r}')
    return names


def _checked_encoding(encoding: str) -> str:
    """Return the encoding's name. Raises OptionError where bytes below 0x80 may be anything but ASCII."""
    try:
        name = codecs.lookup(encoding).name
        if name in ("utf-8", "utf-8-sig"):
            return "utf-8"
        text = _ALL_BYTES.decode(name, "replace")
    except (LookupError, TypeError, ValueError):
        raise OptionError(
            f"{_OPTION}: expected an encoding of text such as utf-8 or latin-1, found {encoding!r}"
        ) from None
    if len(text) != len(_ALL_BYTES) or text[:128].encode() != _ALL_BYTES[:128]:
        raise OptionError(
            f"{_OPTION}: expected an encoding in which ASCII is as ever, such as utf-8, latin-1 or cp1252, found "
            f"{encoding!r}; convert the file: iconv -f {encoding} -t utf-8"
        )
    return name
