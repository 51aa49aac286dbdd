"""Finds the file that holds options: `surgeline.toml`, or `[tool.surgeline]` of `pyproject.toml`, and says where in it.

The nearest counts, from the current folder up. Knows no option.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgeline.errors import OptionError

_OURS, _PROJECT = "surgeline.toml", "pyproject.toml"
_IN_PROJECT = ("tool", "surgeline")
_MENTION = rb"tool\s*\.\s*[\"']?surgeline"
_HEADER = r"\s*\[+([^\[\]]+)\]"
_KEY = r"\s*([\w\s.\"'-]+?)\s*="


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The options of a file."""

    name: str
    """Its path, from the current folder."""
    values: Mapping[str, Any]
    text: str
    table: tuple[str, ...] = ()
    """Where in the file the options stand."""

    def place(self, *keys: str) -> str:
        """Return `surgeline.toml:3`: the line of a key, or of what holds it; the file alone where it is not found."""
        line = _line_of(self.text, (*self.table, *keys), len(self.table))
        return self.name if line is None else f"{self.name}:{line}"


def find_config(folder: Path) -> ConfigFile | None:
    """Return the nearest file with options, from `folder` up; None when there is none.

    Raises OptionError for one that cannot be read.
    """
    for place in (folder, *folder.parents):
        if (ours := place / _OURS).is_file():
            name, text = _read(ours, folder)
            return ConfigFile(name, _parse(name, text), text)
        if (project := place / _PROJECT).is_file() and (found := _in_project(project, folder)):
            return found
    return None


def _in_project(path: Path, folder: Path) -> ConfigFile | None:
    """Return what a project file holds for us. One that never mentions us is not read as TOML, nor held for wrong."""
    name, text = _read(path, folder)
    if not re.search(_MENTION, text.encode()):
        return None
    values = _parse(name, text).get("tool", {}).get("surgeline")
    if values is None:
        return None
    config = ConfigFile(name, {}, text, _IN_PROJECT)
    if not isinstance(values, dict):
        raise OptionError(f"{config.place()}: expected a table [tool.surgeline], found {values!r}")
    return ConfigFile(name, values, text, _IN_PROJECT)


def _read(path: Path, folder: Path) -> tuple[str, str]:
    name = os.path.relpath(path, folder)
    try:
        return name, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{name}: expected a TOML file that can be read, found {error}") from None


def _parse(name: str, text: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most folders have no such file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), .*\)", str(error))
        line = f":{found[1]}" if found else f":{len(text.splitlines()) or 1}"
        raise OptionError(f"{name}{line}: expected TOML, found a syntax error: {error}") from None


def _line_of(text: str, wanted: tuple[str, ...], outermost: int) -> int | None:
    """Return the line that names the keys, or the longest beginning of them beyond the table of all options."""
    table: tuple[str, ...] = ()
    best, length = None, outermost - (outermost == len(wanted))
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(_HEADER, line)
        key = None if header else re.match(_KEY, line)
        if header:
            table = named = _parts(header[1])
        elif key:
            named = (*table, *_parts(key[1]))
        else:
            continue
        named = named[: len(wanted)]
        if length < len(named) and named == wanted[: len(named)]:
            best, length = number, len(named)
    return best


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
