"""Running the load script of the conversations system as a person does, in seconds instead of minutes."""

import subprocess
from collections.abc import Mapping

from healthy_generator import COMMAND
from surgeline_systems.conversations.system import SYSTEM

SCRIPT = SYSTEM.folder / "load" / "loadtest.py"
SIZES = {"CHURCHES": "20", "USERS": "200"}
SHORT = {"DURATION": "2s", "WARM_UP": "0s", "THINK_TIME_SCALE": "0.02"}


def run_loadtest(
    base_url: str, *options: str, values: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What `surgeline run loadtest.py` ends with."""
    given = {**SIZES, **SHORT, **(values or {})}
    told = [part for name, value in given.items() for part in ("-e", f"{name}={value}")]
    command = [*COMMAND, "run", str(SCRIPT), "--quiet", "--no-run-file", "--base-url", base_url, *told, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def marks(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What the summary says of each threshold, `✓`, `✗` or `?`, by metric and condition."""
    table = done.stdout.partition("\nTHRESHOLDS ")[2].partition("\n\n")[0]
    rows = (line.split() for line in table.splitlines()[1:])
    return {f"{metric} {condition}": mark for mark, metric, condition, *_ in rows}
