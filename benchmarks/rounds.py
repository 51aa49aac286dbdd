"""Contenders take turns, so that what disturbs the machine disturbs all of them; then medians and ratios."""

import statistics
import sys
from collections.abc import Callable, Mapping

from benchmarks.bench import Bench, MeasurementError
from benchmarks.tools import TOOLS

Sample = dict[str, float]
"""Figures of one run of one contender, by name."""
Contender = Callable[[], Sample]
Rounds = dict[str, list[Sample]]
"""The samples of each contender, one for each round."""

_PEERS = {tool.name for tool in TOOLS} - {"surgeline"}


def take_turns(bench: Bench, contenders: Mapping[str, Contender], rounds: int | None = None) -> Rounds:
    """Run each contender once in each round. A peer that is missing or fails is left out, with a line that says so.

    Raises MeasurementError when one of ours fails.
    """
    taking_part = {name: run for name, run in contenders.items() if name not in _PEERS or name in bench.tools}
    samples: Rounds = {name: [] for name in taking_part}
    for number in range(rounds or bench.rounds):
        for name, contender in list(taking_part.items()):
            _progress(f"round {number + 1}: {name}")
            try:
                samples[name].append(contender())
            except MeasurementError as error:
                if name not in _PEERS:
                    raise
                print(f"{name} is left out: {error}")
                del taking_part[name], samples[name]
    _progress("")
    return samples


def median(rounds: Rounds, name: str, key: str) -> float | None:
    """Return the median of a contender's figure; None when it has none."""
    figures = [sample[key] for sample in rounds.get(name, ()) if key in sample]
    return statistics.median(figures) if figures else None


def ratio(rounds: Rounds, ours: str, theirs: str, key: str) -> float | None:
    """Return the median over the rounds of our figure divided by theirs; None when there is none."""
    pairs = zip(rounds.get(ours, ()), rounds.get(theirs, ()), strict=False)
    ratios = [our[key] / their[key] for our, their in pairs if our.get(key) and their.get(key)]
    return statistics.median(ratios) if ratios else None


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
