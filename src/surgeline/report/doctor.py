"""What a look before a run has found, as `surgeline doctor` shows it: a line for each finding, then what it comes to.

Pure rendering to plain text of data that is given. Must not know how anything is found out.
"""

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from surgeline.report.format import clock, printable

_GAP = "  "


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILURE = "failure"


_MARKS = {Level.OK: "✓", Level.SKIPPED: "-", Level.WARNING: "!", Level.FAILURE: "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check has found. Its fields are the keys of `doctor --json`."""

    level: Level
    check: str
    """The check's name: one word."""
    message: str
    remedy: str | None = None
    """What to do: a sentence, or a command as it is typed."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings. Its fields are the keys of `doctor --json`."""

    script: str
    ok: bool
    """Does nothing fail?"""
    seconds: float
    """How long it took to find out."""
    limit_seconds: float
    """How long a check might have taken."""
    findings: tuple[Finding, ...]


def render_diagnosis(diagnosis: Diagnosis, width: int) -> str:
    """Return the findings as text, in lines of at most `width` columns where names and commands allow it."""
    name_width = max((len(finding.check) for finding in diagnosis.findings), default=0)
    lines = [line for finding in diagnosis.findings for line in _finding(finding, name_width, width)]
    return "\n".join([*lines, "", *textwrap.wrap(_closing(diagnosis), width)]) + "\n"


def _finding(finding: Finding, name_width: int, width: int) -> list[str]:
    head = f"{_MARKS[finding.level]}{_GAP}{finding.check:<{name_width}}{_GAP}"
    hang = " " * len(head)
    lines = textwrap.wrap(printable(finding.message), width, initial_indent=head, subsequent_indent=hang) or [head]
    if finding.remedy is not None:
        lines += _remedy(printable(finding.remedy), hang, width)
    return lines


def _remedy(remedy: str, hang: str, width: int) -> list[str]:
    """A line that is to be typed stays one."""
    if remedy.startswith("surgeline "):
        return [f"{hang}> {remedy}"]
    return textwrap.wrap(
        remedy, width, initial_indent=f"{hang}> ", subsequent_indent=f"{hang}  ", break_on_hyphens=False
    )


def _closing(diagnosis: Diagnosis) -> str:
    counts = Counter(finding.level for finding in diagnosis.findings)
    said = [_counted(counts[level], level.value) for level in (Level.FAILURE, Level.WARNING) if counts[level]]
    took = f"{clock(diagnosis.seconds)}, each check in at most {clock(diagnosis.limit_seconds)}"
    verdict = "Nothing stands in the way of a run" if diagnosis.ok else "A run would fail"
    return f"{verdict}: {_listed(said) or 'all is well'}. Checked in {took}."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)
