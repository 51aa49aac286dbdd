"""How busy the whole machine is, whoever it works for: generator, service and all others, as Linux tells it.

It must not know any process.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from surgeline_systems.watching.figures import Figure, Growth
from surgeline_systems.watching.source import AwayError

STAT = Path("/proc/stat")
TICKS = os.sysconf("SC_CLK_TCK")
# Of the first line, see proc(5): user, nice, system; irq, softirq, steal. Idle and waiting for disks stand between.
BUSY = (1, 2, 3, 6, 7, 8)
CPU = Growth("machine_cpu", unit="s", per_second="cores")


class Machine:
    """All cores of this machine."""

    name = "this machine"
    tags: Mapping[str, str] = {}
    figures: Sequence[Figure] = (CPU,)

    async def open(self) -> None:
        """Nothing to open."""

    async def look(self) -> Mapping[str, float]:
        """The CPU that was used since its start. Raises: AwayError."""
        fields = _first_line()
        return {CPU.name: sum(int(fields[place]) for place in BUSY) / TICKS}

    async def close(self) -> None:
        """Nothing to close."""

    async def details(self) -> Sequence[str]:
        """Nothing more."""
        return ()


def _first_line() -> list[str]:
    try:
        return STAT.read_text().partition("\n")[0].split()
    except OSError as error:
        raise AwayError(str(error)) from error
