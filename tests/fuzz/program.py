"""What a fuzz input says: the bytes are read as a program for a scene, and any bytes are one.

The first byte sets the scene. Then come instructions, each one byte and its operands: the byte's upper three bits say
who does it (a task of the script, or the server on a connection), the lower five what. A number that a table does not
have is passed over, so an action that is added later takes a free number and leaves the meaning of kept inputs alone.
Knows neither client nor server: both give their tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TASKS = 3
CONNECTIONS = 5
MOST_INSTRUCTIONS = 64

_NUMBERS = 0x1F
_WHO_SHIFT = 5


class Tape:
    """The input, read from its beginning; zeros after its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_over(self) -> bool:
        return self._at >= len(self._data)

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]


Operand = Callable[[Tape], Any]


def byte(tape: Tape) -> int:
    """0 to 255."""
    return tape.byte()


def number(tape: Tape) -> int:
    """0 to 65,535."""
    return tape.byte() << 8 | tape.byte()


def octets(tape: Tape) -> bytes:
    """Up to 255 bytes as they are."""
    return tape.take(tape.byte())


def one_of(*choices: Any) -> Operand:
    """Return the operand that is one of these; one that is named more than once is likelier."""
    return lambda tape: choices[tape.byte() % len(choices)]


@dataclass(frozen=True, slots=True)
class Action:
    """One entry of a table: what can be done, what it has to be told, and how it is done."""

    play: Callable[..., Any]
    operands: tuple[Operand, ...]


Table = Mapping[int, Action]


def entry(table: dict[int, Action], place: int, *operands: Operand) -> Callable[[Callable[..., Any]], Any]:
    """Decorate what plays the action of this number with these operands."""
    assert place <= _NUMBERS, f"expected a number up to {_NUMBERS}, found {place!r}"
    assert place not in table, f"expected a free number, found {place!r}, taken by {table[place].play.__name__}"

    def add(play: Callable[..., Any]) -> Callable[..., Any]:
        table[place] = Action(play, operands)
        return play

    return add


@dataclass(frozen=True, slots=True)
class Instruction:
    """An action with its operands."""

    action: Action
    operands: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"{self.action.play.__name__}({', '.join(map(_shown, self.operands))})"


def _shown(operand: Any) -> str:
    return f"<{len(operand)} bytes>" if isinstance(operand, bytes | str) and len(operand) > 400 else repr(operand)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who does what."""

    tls: str | None
    """The version, None for plain TCP."""
    resets_at_end: bool
    """The server ends what is left with RST instead of FIN."""
    small_buffers: bool
    """The server's receive buffers are as small as the system lets them be."""
    accepts: bool
    """False: connections are made by the kernel, and nobody takes them."""
    tasks: tuple[tuple[Instruction, ...], ...]
    connections: tuple[tuple[Instruction, ...], ...]
    """The n-th is played for the n-th connection; after the last, the first comes again."""

    def __str__(self) -> str:
        lines = [f"tls={self.tls} resets_at_end={self.resets_at_end} small_buffers={self.small_buffers}"]
        lines += [] if self.accepts else ["the server accepts nothing"]
        for what, tracks in (("task", self.tasks), ("connection", self.connections)):
            lines += [f"{what} {place}: {each}" for place, track in enumerate(tracks) for each in track]
        return "\n".join(lines)


def decode(data: bytes, actions: Table, steps: Table) -> Scene:
    """Return the scene that the bytes stand for, with the script's actions and the server's steps."""
    tape = Tape(data)
    setting = tape.byte()
    tracks: list[list[Instruction]] = [[] for _ in range(TASKS + CONNECTIONS)]
    for _ in range(MOST_INSTRUCTIONS):
        if tape.is_over:
            break
        code = tape.byte()
        who = code >> _WHO_SHIFT
        action = (actions if who < TASKS else steps).get(code & _NUMBERS)
        if action is not None:
            tracks[who].append(Instruction(action, tuple(operand(tape) for operand in action.operands)))
    tasks, connections = ([tuple(track) for track in each if track] for each in (tracks[:TASKS], tracks[TASKS:]))
    return Scene(
        tls={5: "TLSv1_2", 6: "TLSv1_3"}.get(setting & 7),
        resets_at_end=bool(setting & 0x08),
        small_buffers=bool(setting & 0x10),
        accepts=setting & 0xE0 != 0xE0,
        tasks=tuple(tasks),
        connections=tuple(connections) or ((),),
    )


def code_of(who: int, place: int) -> int:
    """Return the byte of an action: `who` is a task's number, or a connection's after the last of these."""
    return who << _WHO_SHIFT | place
