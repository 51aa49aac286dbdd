"""The command: runs the benchmarks, prints each one's tables and bars, and all bars at the end."""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks import accuracy, arrival_rate, memory, post, scaling, startup, throughput
from benchmarks.bench import Bench, MeasurementError, MissingError
from benchmarks.machine import describe, is_busy, raise_file_limit, two_cores
from benchmarks.nginx import nginx
from benchmarks.report import Outcome, Report
from benchmarks.tools import find_tools, missing_lines, versions
from surgeline_systems.servers.launch import ServerError

BENCHMARKS: Mapping[str, Callable[[Bench], Report]] = {
    "throughput": throughput.measure,
    "post": post.measure,
    "arrival_rate": arrival_rate.measure,
    "memory": memory.measure,
    "scaling": scaling.measure,
    "startup": startup.measure,
    "accuracy": accuracy.measure,
}


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100), help="Turns of each contender.")
@click.option("--seconds", default=4, show_default=True, type=click.IntRange(1, 600), help="How long a turn is.")
@click.option("--only", multiple=True, type=click.Choice(list(BENCHMARKS)), help="This one; may be given again.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write every figure here too.")
def main(rounds: int, seconds: int, only: tuple[str, ...], file: Path | None) -> None:
    """Measure surgeline beside its peers. Exits with 1 when a bar is missed, with 2 when nothing can be measured."""
    tools = find_tools()
    facts = describe() | versions(tools)
    print("\n".join([*(f"{name}: {fact}" for name, fact in facts.items()), *missing_lines(tools)]))
    if is_busy():
        print("The machine has had other work in the last minute: if that goes on, the figures are not to be trusted.")
    try:
        outcome = _measure(only or tuple(BENCHMARKS), rounds, seconds, tools)
    except (MissingError, ServerError) as error:
        raise click.UsageError(str(error)) from None
    print(outcome.render())
    if file is not None:
        file.write_text(json.dumps({"facts": facts, "rounds": rounds, "seconds": seconds} | outcome.data(), indent=2))
    sys.exit(1 if outcome.short else 0)


def _measure(names: Sequence[str], rounds: int, seconds: int, tools: Mapping[str, str]) -> Outcome:
    """Run benchmarks one after the other; those that need what is missing are skipped."""
    if "surgeline" not in tools:
        raise MissingError("surgeline is missing")
    raise_file_limit()
    outcome = Outcome()
    with ExitStack() as stack:
        server_core, generator_core = two_cores()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(nginx(tools["nginx"], core=server_core)) if "nginx" in tools else None
        bench = Bench(rounds, seconds, server_core, generator_core, url, tools, folder)
        for name in names:
            _run_one(name, bench, outcome)
    return outcome


def _run_one(name: str, bench: Bench, outcome: Outcome) -> None:
    try:
        report = BENCHMARKS[name](bench)
    except MissingError as error:
        outcome.skipped[name] = str(error)
        print(f"\n{name} is skipped: {error}", flush=True)
    except (MeasurementError, ServerError) as error:
        outcome.failed[name] = str(error)
        print(f"\n{name} gave no figures: {error}", flush=True)
    else:
        outcome.reports.append(report)
        print(report.render(), flush=True)


if __name__ == "__main__":
    main()
