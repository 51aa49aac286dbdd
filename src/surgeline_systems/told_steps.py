"""Steps that one process takes and another shows: told as lines of JSON through a pipe. It must not know what they are.

Whoever listens may have gone: that is an error of the pipe, and ends what the steps are for.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from surgeline import SurgelineError
from surgeline.seeding.steps import Advance, Steps


class ToldSteps:
    """Steps that are told; see `surgeline.seeding.steps`."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    @contextmanager
    def counting(self, name: str, total: int) -> Iterator[Advance]:
        """See `Steps`."""
        self._tell("begin", name, total)
        yield lambda parts: self._tell("advance", parts)
        self._tell("end")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """See `Steps`."""
        self._tell("begin", name, None)
        yield
        self._tell("end")

    def remark(self, text: str) -> None:
        """See `Steps`."""
        self._tell("remark", text)

    def done(self) -> None:
        """All steps are taken."""
        self._tell("done")

    def failed(self, error: str) -> None:
        """There will be no further steps."""
        self._tell("failed", error)

    def _tell(self, *words: object) -> None:
        self._pipe.write(json.dumps(words).encode() + b"\n")
        self._pipe.flush()


def show(lines: Iterator[bytes], steps: Steps, advance: Any = None) -> None:
    """Take the steps that are told until all are done, or, given the `advance` of a step, until that one ends.

    Raises: SurgelineError with what the other side says that went wrong, EOFError when it has gone without a word.
    """
    for line in lines:
        match json.loads(line):
            case ["begin", name, total]:
                with steps.step(name) if total is None else steps.counting(name, total) as inner:
                    show(lines, steps, inner)
            case ["remark", text]:
                steps.remark(text)
            case ["advance", parts]:
                advance(parts)
            case ["end"] | ["done"]:
                return
            case ["failed", error]:
                raise SurgelineError(error)
    raise EOFError
