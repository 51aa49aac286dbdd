"""Lays out rows of styled cells in aligned columns, for the terminal.

Pure layout. Must not know what the cells say. Numbers are never cut: only the first column gives way to the width.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from surgeline.report.format import printable, shorten_middle

INDENT = 2
_NAME_MIN = 12
_GAP = 2


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
    title: str, header: Sequence[str], rows: Sequence[Row], width: int, *, left: Collection[int] = ()
) -> list[Text]:
    """Return the lines of a table headed by its title, at most `width` columns wide where its cells allow it.

    `header` names the columns after the first; those whose positions are in `left` are aligned to the left, the others
    to the right. Names too long for the width are shortened in their middle.
    """
    heading = Row(Cell(title, "bold"), [Cell(text, "dim") for text in header], indent=0)
    widths = [max(cell_len(row.cells[i].text) for row in (heading, *rows)) for i in range(len(header))]
    indent = INDENT + (2 if any(row.mark for row in rows) else 0)
    longest = max(cell_len(printable(row.name.text)) for row in rows)
    gap = _GAP if indent + longest + sum(widths) + _GAP * len(widths) <= width else 1
    room = max(_NAME_MIN, width - indent - sum(widths) - gap * len(widths))
    name_width = max(min(longest, room), cell_len(title) - indent)
    lines = [_line(row, name_width, widths, " " * gap, left) for row in rows]
    return [_line(heading, name_width + indent, widths, " " * gap, left), *lines]


def _line(row: Row, name_width: int, widths: Sequence[int], gap: str, left: Collection[int]) -> Text:
    line = Text(" " * row.indent)
    if row.mark is not None:
        line.append(row.mark.text, row.mark.style).append(" ")
    line.append(_padded(shorten_middle(printable(row.name.text), name_width), name_width, left=True), row.name.style)
    for i, (cell, width) in enumerate(zip(row.cells, widths, strict=True)):
        line.append(gap).append(_padded(cell.text, width, left=i in left), cell.style)
    line.rstrip()
    return line


def _padded(text: str, width: int, *, left: bool) -> str:
    padding = " " * (width - cell_len(text))
    return text + padding if left else padding + text
