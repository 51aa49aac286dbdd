"""Steps of one process, shown by another."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from surgeline import SurgelineError
from surgeline.seeding.steps import Steps
from surgeline_systems.told_steps import ToldSteps, show


class Seen:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.events: list[object] = []

    @contextmanager
    def counting(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        self.events.append(("begin", name, total))
        yield self.events.append
        self.events.append(("end", name))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.events.append(("begin", name))
        yield
        self.events.append(("end", name))

    def remark(self, text: str) -> None:
        self.events.append(text)


def take(steps: Steps) -> None:
    with steps.step("seeding"), steps.counting("users", 30) as advance:
        advance(10)
        advance(20)
        steps.remark("by the way")
    with steps.step("service"):
        pass


def told(*acts: Callable[[ToldSteps], None]) -> Iterator[bytes]:
    pipe = io.BytesIO()
    for act in acts:
        act(ToldSteps(pipe))
    return iter(pipe.getvalue().splitlines(keepends=True))


def test_what_is_shown_is_what_was_done():
    here, there = Seen(), Seen()
    take(here)
    show(told(take, ToldSteps.done), there)
    assert there.events == here.events


def test_an_error_is_raised_here_and_ends_the_steps_that_it_cut_off():
    def fail(steps: ToldSteps) -> None:
        with pytest.raises(ZeroDivisionError), steps.step("service"):
            1 / 0  # noqa: B018 - anything
        steps.failed("expected a port that is free, found another")

    seen = Seen()
    with pytest.raises(SurgelineError, match="expected a port that is free, found another"):
        show(told(take, fail), seen)
    assert seen.events[-1] == ("begin", "service")


def test_an_end_without_a_word_is_not_taken_for_success():
    with pytest.raises(EOFError):
        show(told(take), Seen())
