"""Declares the scenario `watch`: every second it looks at the sources, records what it sees, and tells it at the end.

What cannot be reached is a line of the table, never a failure: the load is what is tested. It must not know any kind of
source.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from time import monotonic

from surgeline import VU, Counter, Gauge, constant_vus, scenario, vu_start, vu_stop
from surgeline_systems.watching.account import Account
from surgeline_systems.watching.figures import Figure, Growth
from surgeline_systems.watching.source import AwayError, Source
from surgeline_systems.watching.tables import table

NAME = "watch"
LOOK_SECONDS = 1.0
# Longer a look is not waited for: the next one is due.
PATIENCE_SECONDS = 0.8


class Watched:
    """A source with its metrics, and what was seen of it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.account = Account(source.figures)
        self._record = {figure: _recorder(figure) for figure in source.figures}
        self._is_open = False

    async def look(self) -> None:
        """Look once, and record it; a source that was away is tried again."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._open()
                now = await self.source.look()
        except (AwayError, TimeoutError) as error:
            self.account.was_away(str(error) or f"no answer within {PATIENCE_SECONDS:g} s")
            await self.close()
            return
        for figure, value in self.account.looked(monotonic(), now):
            self._record[figure](value, self.source.tags)

    async def details(self) -> list[str]:
        """What it says that fits in no table."""
        if not self._is_open:
            return []
        try:
            return [f"{self.source.name}: {line}" for line in await self.source.details()]
        except AwayError as error:
            return [f"{self.source.name}: {error}"]

    async def close(self) -> None:
        """Let go of the source."""
        self._is_open = False
        await self.source.close()

    async def _open(self) -> None:
        if not self._is_open:
            await self.source.open()
            self._is_open = True


def watch(*sources: Source, duration: str | float, start_time: str | float = 0) -> None:
    """Declare the scenario; to be called once, at the top level of a script. The table goes to standard error."""
    watched = [Watched(source) for source in sources]

    async def look_at_all() -> None:
        await asyncio.gather(*(one.look() for one in watched))

    @vu_start(scenario=NAME)
    async def begin() -> None:
        await look_at_all()

    @scenario(constant_vus(vus=1, duration=duration), name=NAME, start_time=start_time)
    async def look(vu: VU) -> None:
        await vu.sleep(LOOK_SECONDS)
        await look_at_all()

    @vu_stop(scenario=NAME)
    async def tell() -> None:
        lines = table((one.source.name, one.account) for one in watched)
        details = [line for one in watched for line in await one.details()]
        print("", *lines, *details, sep="\n", file=sys.stderr)  # noqa: T201
        await asyncio.gather(*(one.close() for one in watched))


def _recorder(figure: Figure) -> Callable[[float, Mapping[str, str]], None]:
    metric = Counter if isinstance(figure, Growth) else Gauge
    return metric(figure.name, unit=figure.unit).add
