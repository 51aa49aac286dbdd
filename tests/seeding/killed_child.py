"""Runs `surgeline seed ...` and ends itself by a signal before the N-th point: a statement, or a batch of rows.

Arguments: N, the name of the signal, and those of `surgeline`.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

ADAPTERS = {"postgres": "Postgres", "mysql": "MySQL", "sqlite": "Sqlite"}
BATCH_ROWS = 40
"""So that a load has several points."""


def watch(adapter: str, point: Callable[[], None], patch: Callable[[Any, str, Any], None]) -> None:
    """Have `point` called before each statement and each batch."""
    kind = getattr(import_module(f"surgeline.seeding.databases.{adapter}"), ADAPTERS[adapter])
    for name in ("execute", "fetch", "load"):
        patch(kind, name, _after(point, getattr(kind, name)))
    staging = import_module("surgeline.seeding.staging")
    batches = staging.batches

    def watched(*given: Any) -> Iterator[Any]:
        for batch in batches(*given):
            point()
            yield batch

    patch(staging, "BATCH_ROWS", BATCH_ROWS)
    patch(staging, "batches", watched)


def _after(point: Callable[[], None], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any) -> Any:
        point()
        return function(*given)

    return call


def main(last: int, ending: signal.Signals, adapter: str, arguments: list[str]) -> None:
    from surgeline.cli.main import main as surgeline

    points = 0

    def point() -> None:
        nonlocal points
        points += 1
        if points == last:
            os.kill(os.getpid(), ending)

    watch(adapter, point, setattr)
    surgeline(arguments)


if __name__ == "__main__":
    main(int(sys.argv[1]), signal.Signals[sys.argv[2]], sys.argv[3], sys.argv[4:])
