"""The signals by which a process is told to end. It must not know what it has to finish."""

import asyncio
import signal


def stop_signalled() -> asyncio.Event:
    """Set when SIGTERM or SIGINT comes; from now on these do nothing else."""
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    return signalled


async def until_signalled() -> None:
    """Returns when it is set."""
    await stop_signalled().wait()
