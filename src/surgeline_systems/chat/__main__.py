"""The chat system by hand: `python -m surgeline_systems.chat serve`, and beside it `test`."""

import os
import sys

import click

from surgeline_systems.by_hand import main
from surgeline_systems.chat.system import SCRIPT, SYSTEM

USUAL_URL = "http://127.0.0.1:3000"


@click.command("test", context_settings={"show_default": True})
@click.option("--writes", type=click.IntRange(min=1), default=5_000, metavar="N", help="Messages written a second.")
@click.option("--reads", type=click.IntRange(min=1), default=10_000, metavar="N", help="Lists read a second.")
@click.option("--duration", type=click.IntRange(min=1), default=30, metavar="N", help="Seconds of the test itself.")
@click.option("--workers", type=click.IntRange(min=1), default=100, metavar="N", help="Users that write and read.")
@click.option("--base-url", default=USUAL_URL, metavar="URL", help="Where the service is.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OF RUN]...")
def test(writes: int, reads: int, duration: int, workers: int, base_url: str, options: tuple[str, ...]) -> None:
    """Run the performance test against the service that is up, as `surgeline run` does, with options of that."""
    values = {"WRITES": writes, "READS": reads, "DURATION": f"{duration}s", "WORKERS": workers, "BASE_URL": base_url}
    given = [part for name, value in values.items() for part in ("-e", f"{name}={value}")]
    script = SYSTEM.folder / "load" / SCRIPT
    command = [sys.executable, "-m", "surgeline", "run", str(script), *given, *options]
    os.execv(sys.executable, command)  # noqa: S606 - its progress, result and exit code are ours


if __name__ == "__main__":
    main(SYSTEM, test)
