"""Inputs without a fuzzer: programs put together at random, and kept ones spoilt."""

from random import Random

from tests.fuzz.hostile_server import STEPS
from tests.fuzz.program import CONNECTIONS, TASKS, code_of
from tests.fuzz.script import ACTIONS
from tests.fuzz.vocabulary import SPOILERS, spoil

_MOST_OPERAND_BYTES = 12
_READ_REQUEST, _ANSWER, _RESPONSE, _SPOILT, _AGAIN = 0, 2, 3, 4, 14
_GET, _POST, _START_GET, _FINISH_ALL = 0, 2, 1, 6


def generate(random: Random, kept: list[bytes]) -> bytes:
    """Return one input."""
    if kept and random.random() < 0.4:
        return _spoilt(random, random.choice(kept))
    return _program(random)


def _spoilt(random: Random, data: bytes) -> bytes:
    for _ in range(random.randint(1, 4)):
        data = spoil(data, random.choice([*SPOILERS]), random.randrange(len(data) + 1), random.randrange(256))
    return data[:2048]


def _program(random: Random) -> bytes:
    tls, ending, accepts = (
        random.choice((0,) * 8 + (5, 6)),
        random.choice((0, 8, 16, 24)),
        random.choice((0,) * 9 + (0xE0,)),
    )
    setting = tls | ending | accepts
    program = bytes([setting])
    for who in range(random.randint(1, TASKS)):
        for _ in range(random.randint(1, 10)):
            program += _instruction(
                random,
                who,
                random.choice((_GET,) * 12 + (_POST,) * 3 + (_START_GET,) * 3 + (_FINISH_ALL,) * 2 + (*ACTIONS,)),
            )
    for who in range(TASKS, TASKS + random.randint(1, CONNECTIONS)):
        program += _connection(random, who)
    return program


def _connection(random: Random, who: int) -> bytes:
    """Mostly one that reads requests and says something to each."""
    program = b""
    for _ in range(random.randint(1, 3)):
        if random.random() < 0.9:
            program += _instruction(random, who, _READ_REQUEST)
        program += _instruction(
            random, who, random.choice((_ANSWER,) * 6 + (_RESPONSE,) * 4 + (_SPOILT,) * 4 + (*STEPS,))
        )
    if random.random() < 0.6:
        program += _instruction(random, who, _AGAIN)
    return program


def _instruction(random: Random, who: int, place: int) -> bytes:
    """An instruction whose operands are about as long as most are; what is too long is read as further instructions."""
    table = ACTIONS if who < TASKS else STEPS
    count = len(table[place].operands)
    operands = bytes(random.choice((0, 1, *random.randbytes(3))) for _ in range(count))
    if place in _TAKES_OCTETS and who >= TASKS:
        data = random.randbytes(random.randint(1, _MOST_OPERAND_BYTES))
        operands = bytes([len(data)]) + data + operands[1:]
    return bytes([code_of(who, place)]) + operands


_TAKES_OCTETS = frozenset({5, 6, 8})
