"""Does the generator have cores of its own? Where it shares them with the service, each slows the other down. Pure."""

import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from surgeline.report.doctor import Finding, Level

CHECK = "cores"
Cores = frozenset[int]


@dataclass(frozen=True, slots=True)
class Service:
    """A service that listens on this machine."""

    listener: str
    """Who listens, in words."""
    pids: Sequence[int]
    """Empty where they cannot be seen."""
    cores: Cores
    """Where it may run; all of the machine where that is not known."""


def core_findings(ours: Cores, workers: int, services: Collection[Service], script: str) -> list[Finding]:
    """Return whether the workers have cores enough, and share none with a service."""
    if workers > len(ours):
        return [
            Finding(
                Level.WARNING,
                CHECK,
                f"{workers} workers on {_counted(ours)}: they wait for each other, and measure that too",
                f"--workers {len(ours)}",
            ),
            *_shared(ours, len(ours), services, script),
        ]
    return _shared(ours, workers, services, script) or [
        Finding(Level.OK, CHECK, f"{_counted(ours)} for {_workers(workers)}, shared with no service that is known of")
    ]


def _shared(ours: Cores, workers: int, services: Collection[Service], script: str) -> list[Finding]:
    sharing = [one for one in services if one.cores & ours]
    if not sharing:
        return []
    who = ", ".join(dict.fromkeys(one.listener for one in sharing))
    common = frozenset().union(*(one.cores for one in sharing)) & ours
    message = f"{who} and the generator share cores {_list(common)}: each slows the other down"
    return [Finding(Level.WARNING, CHECK, message, _advice(ours, workers, sharing, script))]


def _advice(ours: Cores, workers: int, sharing: Sequence[Service], script: str) -> str:
    """Give the generator as many cores as it has workers, from the end, and the service the rest."""
    every = sorted(ours.union(*(one.cores for one in sharing)))
    if len(every) < 2:
        return "run surgeline on another machine: there is one core alone"
    own = every[-min(workers, len(every) - 1) :]
    rest = _list(core for core in every if core not in own)
    pids = [pid for one in sharing for pid in one.pids]
    moves = (
        "; ".join(f"taskset -a -cp {rest} {pid}" for pid in pids[:2]) or f"start the service by: taskset -c {rest} ..."
    )
    return f"taskset -c {_list(own)} surgeline run {shlex.quote(script)}; {moves}"


def _counted(cores: Cores) -> str:
    return "1 core" if len(cores) == 1 else f"{len(cores)} cores"


def _workers(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"


def _list(cores: Iterable[int]) -> str:
    """Return numbers of cores as `taskset` takes them: 0-2,5."""
    parts: list[list[int]] = []
    for core in sorted(cores):
        if parts and core == parts[-1][-1] + 1:
            parts[-1].append(core)
        else:
            parts.append([core])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in parts)
