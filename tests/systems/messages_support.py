"""Running the load scripts of the messages system as a person does, and reading what came of it."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from healthy_generator import COMMAND
from surgeline_systems.messages.system import SYSTEM

# Seconds instead of minutes.
SHORT = {
    "TARGET_RPS": "250",
    "PEAK_RPS": "250",
    "RAMP": "200ms",
    "DURATION": "600ms",
    "MESSAGES": "200",
    "VUS": "10",
}


def script(suite: str) -> str:
    return str(SYSTEM.folder / "load" / f"{suite}.py")


def run_suite(suite: str, base_url: str, *options: str, **values: str) -> subprocess.CompletedProcess[str]:
    """What `surgeline run` of a suite ends with."""
    given = [part for name, value in {**SHORT, **values}.items() for part in ("-e", f"{name}={value}")]
    command = [*COMMAND, "run", script(suite), "--quiet", "--no-run-file", "--base-url", base_url, *given, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def values_of(summary: Path) -> Mapping[str, Any]:
    """The values of each metric in a summary file."""
    return {name: metric["values"] for name, metric in json.loads(summary.read_text())["metrics"].items()}
