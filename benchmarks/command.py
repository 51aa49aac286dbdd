"""The command of benchmarks, one or all: runs them one after the other, prints each one's tables and bars, and all bars
at the end. Must not know which benchmarks there are.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks.bench import Bench, MeasurementError, MissingError
from benchmarks.machine import describe, introduce, raise_file_limit, two_cores
from benchmarks.nginx import nginx
from benchmarks.report import Outcome, Report
from benchmarks.tools import find_tools, missing_lines, versions
from surgeline_systems.servers.launch import ServerError

Benchmarks = Mapping[str, Callable[[Bench], Report]]
"""What measures, by name."""


def command(benchmarks: Benchmarks) -> click.Command:
    """Return a command that runs these."""

    @click.command()
    @click.option(
        "--rounds", default=5, show_default=True, type=click.IntRange(1, 100), help="Turns of each contender."
    )
    @click.option("--seconds", default=4, show_default=True, type=click.IntRange(1, 600), help="How long a turn is.")
    @click.option("--only", multiple=True, type=click.Choice(list(benchmarks)), help="This one; may be given again.")
    @click.option(
        "--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write every figure here too."
    )
    def main(rounds: int, seconds: int, only: tuple[str, ...], file: Path | None) -> None:
        """Measure surgeline beside its peers.

        Exits with 1 when a bar is missed, with 2 when nothing can be measured.
        """
        tools = find_tools()
        facts = describe() | versions(tools)
        introduce(facts, missing_lines(tools))
        try:
            outcome = _measure({name: benchmarks[name] for name in only or benchmarks}, rounds, seconds, tools)
        except (MissingError, ServerError) as error:
            raise click.UsageError(str(error)) from None
        print(outcome.render())
        if file is not None:
            data = {"facts": facts, "rounds": rounds, "seconds": seconds} | outcome.data()
            file.write_text(json.dumps(data, indent=2))
        sys.exit(1 if outcome.short else 0)

    return main


def _measure(benchmarks: Benchmarks, rounds: int, seconds: int, tools: Mapping[str, str]) -> Outcome:
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
        for name, measure in benchmarks.items():
            _run_one(name, measure, bench, outcome)
    return outcome


def _run_one(name: str, measure: Callable[[Bench], Report], bench: Bench, outcome: Outcome) -> None:
    try:
        report = measure(bench)
    except MissingError as error:
        outcome.skipped[name] = str(error)
        print(f"\n{name} is skipped: {error}", flush=True)
    except (MeasurementError, ServerError) as error:
        outcome.failed[name] = str(error)
        print(f"\n{name} gave no figures: {error}", flush=True)
    else:
        outcome.reports.append(report)
        print(report.render(), flush=True)
