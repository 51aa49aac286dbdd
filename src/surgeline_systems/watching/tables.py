"""What was watched, as a table for people: a line for each figure, and one for each source that was away. Pure.

It must not know what the sources are.
"""

from collections.abc import Iterable, Iterator, Sequence

from surgeline_systems.watching.account import Account, Seen
from surgeline_systems.watching.figures import Figure, Growth, Share

HEADINGS = ("watched", "mean", "least", "most", "at the start", "at the end", "unit")
GAP = "  "


def table(accounts: Iterable[tuple[str, Account]]) -> list[str]:
    """The lines of a table; `accounts` are told by the names of what was watched."""
    rows: list[Sequence[str]] = [HEADINGS]
    notes: list[str] = []
    for name, account in accounts:
        rows.extend(_rows(name, account))
        notes.extend(_notes(name, account))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [*(_line(row, widths) for row in rows), *notes]


def _rows(name: str, account: Account) -> Iterator[Sequence[str]]:
    for figure, seen in account.seen.items():
        if seen.values:
            yield f"{name}: {_label(figure)}", *_cells(figure, seen), _unit(figure)


def _label(figure: Figure) -> str:
    """The metric's name, without its first word, which says what is watched, and without the unit."""
    _, _, label = figure.name.partition("_")
    return label.removesuffix(f"_{figure.unit.lower()}").replace("_", " ")


def _cells(figure: Figure, seen: Seen) -> Iterator[str]:
    values = seen.values
    for value in (seen.mean, min(values), max(values), values[0], values[-1]):
        yield f"{value:.2%}" if isinstance(figure, Share) else _number(value)


def _number(value: float) -> str:
    """A number of which people can see three digits."""
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:,.2f}"


def _unit(figure: Figure) -> str:
    return figure.per_second or f"{figure.unit}/s" if isinstance(figure, Growth) else figure.unit


def _notes(name: str, account: Account) -> Iterator[str]:
    if account.missed:
        seen = f"at {account.missed} of {account.looks + account.missed} looks" if account.looks else "all the time"
        yield f"{name}: not reachable {seen}: {account.reason}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *cells, unit = row
    first_width, *others, _ = widths
    numbers = (cell.rjust(width) for cell, width in zip(cells, others, strict=True))
    return GAP.join([first.ljust(first_width), *numbers, unit]).rstrip()
