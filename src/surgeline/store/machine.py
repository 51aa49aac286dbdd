"""What a run ran on: facts without which its figures cannot be compared with another's."""

import os
import platform

from surgeline import __version__


def machine() -> dict[str, str | int]:
    """Return the facts by name."""
    return {
        "host": platform.node(),
        "cores": os.cpu_count() or 1,
        "usable_cores": _usable_cores(),
        "system": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "surgeline": __version__,
    }


def _usable_cores() -> int:
    """How many this process may run on; a container or `taskset` may leave it fewer."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
