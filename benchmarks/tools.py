"""The programs that are measured or served with: which are here, which version, and how to get the others."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DISTRIBUTION = "from the distribution, such as: apt-get install {}"
_PEERS = "into the environment: .venv/bin/pip install -e '.[peers]'"


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, how it tells its version, and where to get it."""

    name: str
    version_option: str
    how_to_get: str
    optional: bool = False


TOOLS = (
    Tool("surgeline", "--version", "into the environment: .venv/bin/pip install -e ."),
    Tool("nginx", "-v", _DISTRIBUTION.format("nginx")),
    Tool("wrk", "-v", _DISTRIBUTION.format("wrk")),
    Tool("h2load", "--version", _DISTRIBUTION.format("nghttp2-client"), optional=True),
    Tool("k6", "version", _PEERS),
    Tool("locust", "--version", _PEERS),
)


def find_tools() -> dict[str, str]:
    """Return the path of each program that is here; beside this Python first, then in PATH."""
    found = {tool.name: _find(tool.name) for tool in TOOLS}
    return {name: path for name, path in found.items() if path is not None}


def missing_lines(found: Mapping[str, str]) -> list[str]:
    """Say for each program that is not here what is done without it and how to get it."""
    return [
        f"{tool.name} is missing{' (it is optional)' if tool.optional else ''}: what needs it is skipped. "
        f"Get it {tool.how_to_get}"
        for tool in TOOLS
        if tool.name not in found
    ]


def versions(found: Mapping[str, str]) -> dict[str, str]:
    """Return the version of each program that is here."""
    return {tool.name: _version(found[tool.name], tool.version_option) for tool in TOOLS if tool.name in found}


def _find(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def _version(path: str, option: str) -> str:
    ended = subprocess.run([path, option], capture_output=True, text=True, timeout=30, check=False)
    match = re.search(r"\d+\.\d+(\.\d+)*", ended.stdout + ended.stderr)
    return match.group() if match else "unknown"
