"""Lays out rows of styled cells in aligned columns, for the terminal.

Pure layout. Must not know what the cells say. Numbers are never cut: only the first column gives way to the width.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from surgeline.report.format import printable, shorten_middle

INDENT = 2
_NAME_MIN = 12
_NAME_WHOLE = 32
"""A longer name is shortened before a column is left out for it."""
_GAP = 2
_AS_WIDE_AS_IT_IS = 1_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a rich style."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A name, which may come from anywhere and be shortened, and its printable cells; `mark` stands before the name."""

    name: Cell
    cells: Sequence[Cell]
    mark: Cell | None = None
    indent: int = INDENT


def table(
    title: str, header: Sequence[str], rows: Sequence[Row], width: int, *, left: Collection[str] = ()
) -> list[Text]:
    """Return the lines of a table headed by its title, at most `width` columns wide where its cells allow it.

    `header` names the columns after the first; those that are in `left` are aligned to the left, the others to the
    right. Names too long for the width are shortened in their middle.
    """
    heading = Row(Cell(title, "bold"), [Cell(text, "dim") for text in header], indent=0)
    widths = _widths(header, rows)
    indent = _indent(rows)
    longest = _longest(rows)
    names = max(indent + longest, cell_len(title))
    gap = _GAP if names + sum(widths) + _GAP * len(widths) <= width else 1
    room = max(_NAME_MIN, width - indent - sum(widths) - gap * len(widths))
    name_width = max(min(longest, room), cell_len(title) - indent)
    to_left = [name in left for name in header]
    lines = [_line(row, name_width, widths, " " * gap, to_left) for row in rows]
    return [_line(heading, name_width + indent, widths, " " * gap, to_left), *lines]


def plain_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: Collection[str] = ()) -> list[str]:
    """Return the lines of a table without styles, as wide as it is: its names are there to be copied.

    The first column is aligned to the left, others to the right unless they are named in `left`.
    """
    if not rows:
        return []
    cells = [Row(Cell(printable(row[0])), [Cell(printable(text)) for text in row[1:]], indent=0) for row in rows]
    return [line.plain.rstrip() for line in table(header[0], header[1:], cells, _AS_WIDE_AS_IT_IS, left=left)]


def narrowed_table(
    title: str,
    header: Sequence[str],
    rows_of: Callable[[Sequence[str]], Sequence[Row]],
    width: int,
    first_to_go: Sequence[str],
    *,
    left: Collection[str] = (),
    names_whole: int = _NAME_WHOLE,
) -> list[Text]:
    """Return the lines of a table that leaves columns out, and says so, rather than cut its names.

    `rows_of` makes the rows with some of the columns. Only those in `first_to_go` are left out, in that order; names of
    up to `names_whole` are kept whole, unless all that may go has gone.
    """
    kept = list(header)
    for name in first_to_go:
        if least_width(kept, rows_of(kept), names_whole, title) <= width:
            break
        if name in kept:
            kept.remove(name)
    lines = table(title, kept, rows_of(kept), width, left=left)
    left_out = ", ".join(name for name in header if name not in kept)
    note = Text(f"{' ' * INDENT}at {width} columns without {left_out}", "dim")
    return [*lines, note] if left_out else lines


def least_width(header: Sequence[str], rows: Sequence[Row], names_whole: int = _NAME_WHOLE, title: str = "") -> int:
    """Return how many columns of a terminal a table needs where names of up to `names_whole` are kept whole."""
    names = max(cell_len(title), _indent(rows) + min(names_whole, _longest(rows)))
    return names + sum(_widths(header, rows)) + len(header)


def _widths(header: Sequence[str], rows: Sequence[Row]) -> list[int]:
    return [max(cell_len(name), *(cell_len(row.cells[i].text) for row in rows)) for i, name in enumerate(header)]


def _indent(rows: Sequence[Row]) -> int:
    return max(row.indent for row in rows) + (2 if any(row.mark for row in rows) else 0)


def _longest(rows: Sequence[Row]) -> int:
    return max(cell_len(printable(row.name.text)) for row in rows)


def _line(row: Row, name_width: int, widths: Sequence[int], gap: str, to_left: Sequence[bool]) -> Text:
    line = Text(" " * row.indent)
    if row.mark is not None:
        line.append(row.mark.text, row.mark.style).append(" ")
    line.append(_padded(shorten_middle(printable(row.name.text), name_width), name_width, left=True), row.name.style)
    for cell, width, left in zip(row.cells, widths, to_left, strict=True):
        line.append(gap).append(_padded(cell.text, width, left=left), cell.style)
    line.rstrip()
    return line


def _padded(text: str, width: int, *, left: bool) -> str:
    padding = " " * (width - cell_len(text))
    return text + padding if left else padding + text
