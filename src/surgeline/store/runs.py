"""Where run files are and what they are called: the folder, the ids, and which file a person means.

Looks at names alone; what is in a file is the reader's.
"""

import difflib
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from surgeline.errors import OptionError

FOLDER = Path(".surgeline/runs")
"""Under the current folder."""
SUFFIX = ".sqlite"
LAST = "last"
_LONGEST_STEM = 40


def new_run_id(stem: str, started_at: datetime) -> str:
    """Return an id such as `20261120-101530-checkout-3fa9`: sorted by time (UTC), and no other run's.

    `stem` is the script's name without its ending; what a file's name should not hold is left out.
    """
    readable = re.sub(r"[^0-9A-Za-z_]+", "-", stem).strip("-")[:_LONGEST_STEM] or "run"
    return f"{started_at.astimezone(UTC):%Y%m%d-%H%M%S}-{readable}-{secrets.token_hex(2)}"


def make_folder(folder: Path) -> None:
    """Make the folder of run files; git is told to leave `.surgeline` alone. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.parent.name == FOLDER.parent.name:
        ignore = folder.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")


def run_files(folder: Path = FOLDER) -> list[Path]:
    """Return the run files of a folder, newest first."""
    return sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.name, reverse=True)


def find_run(run: str, folder: Path = FOLDER) -> Path:
    """Return the file of a run, by id, by the beginning of one, by path, or by `last`. Raises OptionError."""
    if "/" in run or run.endswith(SUFFIX):
        return _by_path(Path(run))
    files = run_files(folder)
    if not files:
        raise OptionError(f"RUN: expected a run, found none in {folder}; `surgeline run SCRIPT` makes one")
    if run == LAST:
        return files[0]
    found = [path for path in files if path.stem == run] or [path for path in files if path.stem.startswith(run)]
    if len(found) == 1:
        return found[0]
    raise OptionError(_not_one(run, [path.stem for path in found], [path.stem for path in files]))


def _by_path(path: Path) -> Path:
    if path.is_file():
        return path
    found = "a folder" if path.is_dir() else "nothing"
    raise OptionError(f"RUN: expected a run file, found {found} at {path}")


def _not_one(run: str, found: list[str], known: list[str]) -> str:
    if found:
        return f"RUN: expected the beginning of one run's id, found {len(found)} for {run!r}: {', '.join(found[:3])}"
    close = difflib.get_close_matches(run, known, n=1, cutoff=0.5)
    close = close or [name for name in known if run and run in name]
    meant = f"; did you mean {close[0]!r}?" if close else "; `surgeline runs` lists them"
    return f"RUN: expected an id, the beginning of one, a path or {LAST!r}, found {run!r}{meant}"
