"""Calls functions that may take long side by side, and waits for none longer than a limit.

Must not know what they do. One that does not end is left behind: its thread ends with the process.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

Name = TypeVar("Name")
T = TypeVar("T")


class _Job(threading.Thread, Generic[T]):
    """One call in a thread of its own, which nothing waits for when the process ends."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.returned: T | None = None
        self.raised: BaseException | None = None

    def run(self) -> None:
        try:
            self.returned = self._call()
        except BaseException as error:  # raised where it is waited for
            self.raised = error


def side_by_side(calls: Mapping[Name, Callable[[], T]], seconds: float) -> dict[Name, T | None]:
    """Return what each call returned, None for those that took longer. Raises what one of them raised."""
    jobs = {name: _Job(call) for name, call in calls.items()}
    deadline = time.monotonic() + seconds
    for job in jobs.values():
        job.start()
    for job in jobs.values():
        job.join(max(0.0, deadline - time.monotonic()))
    return {name: _result(job) for name, job in jobs.items()}


def _result(job: _Job[T]) -> T | None:
    if job.is_alive():
        return None
    if job.raised is not None:
        raise job.raised
    return job.returned
