"""The documents as tests see them: blocks of code with what stands before them, sections, links.

A comment before a block says how it is tested: `<!-- test: args --scenario browse; exit 0 112 -->`. A script runs two
iterations unless `load` says otherwise; with `short 60` its executors run as they are, in a sixtieth of their time.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [ROOT / "README.md", *DOCS]

_BLOCK = re.compile(
    r"(?:^<!-- test: (?P<marks>.*?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of code: where it stands, its text, and the marks of the comment before it."""

    document: Path
    line: int
    language: str
    text: str
    marks: dict[str, str]

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks(language: str) -> list[Block]:
    return [block for document in DOCUMENTS for block in _blocks(document) if block.language == language]


def _blocks(document: Path) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    return [
        Block(
            document, text.count("\n", 0, found.start()) + 1, found["language"], found["text"], _marks(found["marks"])
        )
        for found in _BLOCK.finditer(text)
    ]


def _marks(text: str | None) -> dict[str, str]:
    """Return `args --vus 2; run` as `{"args": "--vus 2", "run": ""}`."""
    parts = [part.strip().partition(" ") for part in (text or "").split(";") if part.strip()]
    return {name: rest for name, _, rest in parts}


def section(document: str, heading: str) -> str:
    """Return the text below a heading, to the next of its own level or above."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    level = len(heading) - len(heading.lstrip("#"))
    _, found, below = text.partition(f"\n{heading}\n")
    assert found, f"{document} has no heading {heading!r}"
    return re.split(rf"^#{{1,{level}}} ", below, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row but the headers and rulers."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rulers = [number for number, line in enumerate(lines) if set(line) <= set("|-")]
    skipped = {number for ruler in rulers for number in (ruler - 1, ruler)}
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for number, row in enumerate(cells) if number not in skipped]


def links(document: Path) -> list[str]:
    return _LINK.findall(_FENCED.sub("", document.read_text(encoding="utf-8")))


def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCED.sub("", document.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
