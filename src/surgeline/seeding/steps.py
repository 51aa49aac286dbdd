"""How a long job tells what it is at. What is made of that, a bar on a terminal or nothing, is not known here."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]


class Steps(Protocol):
    """Is told of each step as it begins, advances and ends."""

    def counting(self, name: str, total: int) -> AbstractContextManager[Advance]:
        """A step of `total` parts; the block calls what it is given with the number of parts just done."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """A step that cannot be counted."""

    def remark(self, text: str) -> None:
        """Something that is to be known of the job, and takes no time."""


class Unseen:
    """Steps that nobody watches."""

    @contextmanager
    def counting(self, _name: str, _total: int) -> Iterator[Advance]:
        """See `Steps`."""
        yield _ignore

    @contextmanager
    def step(self, _name: str) -> Iterator[None]:
        """See `Steps`."""
        yield

    def remark(self, _text: str) -> None:
        """See `Steps`."""


def _ignore(_parts: int) -> None:
    """Where nobody watches, nobody counts."""
