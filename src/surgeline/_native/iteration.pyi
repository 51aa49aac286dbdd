"""Iterations of one virtual user, driven and recorded natively.

`Iterations` is what a virtual user's task awaits: it calls the scenario function, hands what that waits for on to the
task, and when the function returns it records and, in the closed model, calls it again. Times are nanoseconds.
"""

from collections.abc import Callable, Generator
from typing import Any

from surgeline._native.cells import CounterCell, TrendCell
from surgeline._native.poller import Poller

def pause_ns(connect_failures: int, users: int = 1) -> int:
    """Return how far apart the iterations of a user start who could not connect this many times in a row.

    10 ms, doubled, up to 50 ms; longer with more than 500 users, who try 10,000 times a second together.
    """

class UserState:
    """What the engine and the clients tell each other about a virtual user."""

    id: int
    iteration: int
    """From 0 for this user; -1 before the first."""
    scenario_iteration: int
    """From 0 over all users of the scenario, on all workers: each number once."""
    run_iteration: int
    """The same over all scenarios of the run."""
    lateness_ns: int
    """How late the current iteration started."""
    connect_failures: int
    """Connections that could not be opened since the last one that could; written by clients."""
    abandoned: int
    """Requests under way when their iteration was interrupted; written by clients."""
    interrupted: bool
    """The run asks the user to end: a cancellation is the run's own, and no iteration starts any more."""
    resting: bool
    """Between two iterations, and waiting: a cancellation interrupts nothing."""
    evicted: bool
    """The user had its time to end: the next cancellation closes the scenario function, whatever it does."""

class Tally:
    """Counts the iterations of a run, those of worker `index` of `of`."""

    index: int
    of: int
    started: int
    def __init__(self, index: int = 0, of: int = 1) -> None: ...

class Budget:
    """How long, and how many times, the users that share it may start."""

    end_ns: int
    left: int
    """Starts that are left; below 0: any number."""
    stopped: bool
    def __init__(self, end_ns: int, left: int = -1) -> None: ...

class Recorder:
    """Counts the iterations of one scenario."""

    active: int
    """Iterations under way."""
    started: int
    """Iterations that were started."""
    def __init__(
        self,
        tally: Tally,
        iterations: CounterCell,
        duration: TrendCell,
        lateness: TrendCell,
        response_time: TrendCell,
        on_error: Callable[[BaseException], object],
        on_interrupt: Callable[[], object],
        abort: type[BaseException],
        pacing_ns: int = 0,
        index: int = 0,
        of: int = 1,
    ) -> None:
        """`on_error` is given what a scenario function raised; `on_interrupt` is called when one was broken off.

        An exception of type `abort` ends the user's task. Iterations that repeat start at least `pacing_ns` apart.
        The scenario is shared by `of` workers, of which this is number `index`.
        """
    def take_peak(self) -> int:
        """Return the most iterations that ran at once since the last call."""
    def once(self, poller: Poller, function: Callable[[Any], Any], user: UserState, intended_ns: int) -> Iterations:
        """Return one iteration, which should have started at `intended_ns`."""
    def repeat(self, poller: Poller, function: Callable[[Any], Any], user: UserState, budget: Budget) -> Iterations:
        """Return one iteration after the other, while the budget lets them start.

        A user whose iteration waited for nothing lets the others go first; one that cannot connect rests.
        """

class Iterations:
    """An awaitable that is done when the iterations are.

    An exception of the function, SystemExit and a CancelledError that nobody asked for among them, is counted and the
    user goes on. Cancelled by the run (`UserState.interrupted`), the function may clean up; CancelledError is raised
    when it has.
    """

    def __await__(self) -> Generator[Any]: ...
    def close(self) -> None:
        """End at once: the function's `finally` blocks run up to their first wait, and no further."""
