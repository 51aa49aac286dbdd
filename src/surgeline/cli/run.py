"""`surgeline run SCRIPT`: run a load test script."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click

from surgeline.cli.conduct import conduct, run_options
from surgeline.errors import ExitCode, OptionError
from surgeline.script.declare import checked_base_url
from surgeline.script.executors import MOST_RATE, MOST_VUS, positive_duration, whole
from surgeline.script.load import load_script
from surgeline.script.plan import Overrides, apply_overrides


@click.command(short_help="Run a load test script.")
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--scenario", multiple=True, metavar="NAME", help="Run this scenario only; may be given again.")
@click.option("-e", "--env", multiple=True, metavar="KEY=VALUE", help="A value for env() in the script.")
@click.option("--vus", type=int, metavar="N", help="Virtual users; with --duration, run with constant_vus.")
@click.option("--duration", metavar="TIME", help='How long to start iterations, such as "30s" or "1m30s".')
@click.option("--iterations", type=int, metavar="N", help="Run this many iterations, with shared_iterations.")
@click.option("--rate", type=int, metavar="N", help="Start this many iterations a second, with constant_arrival_rate.")
@click.option("--base-url", metavar="URL", help="Where relative URLs start, instead of the script's base_url.")
@click.option("--tag", multiple=True, metavar="KEY=VALUE", help="A tag for every sample of the run.")
@click.option("--no-thresholds", is_flag=True, help="Do not judge.")
@run_options
def command(
    script: Path,
    scenario: tuple[str, ...],
    env: tuple[str, ...],
    vus: int | None,
    duration: str | None,
    iterations: int | None,
    rate: int | None,
    base_url: str | None,
    tag: tuple[str, ...],
    no_thresholds: bool,
    **options: Any,
) -> ExitCode:
    """Run a load test SCRIPT, show what came of it, and judge it by its thresholds."""
    overrides = Overrides(
        scenarios=scenario,
        vus=None if vus is None else whole(vus, "--vus", 1, MOST_VUS),
        duration_ns=None if duration is None else positive_duration(duration, "--duration"),
        iterations=None if iterations is None else whole(iterations, "--iterations", 1, 10**12),
        rate=None if rate is None else whole(rate, "--rate", 1, MOST_RATE),
        base_url=checked_base_url(base_url),
        tags=pairs(tag, "--tag"),
        no_thresholds=no_thresholds,
    )
    with redirect_stdout(sys.stderr):  # what a script prints is no result
        plan = load_script(script, pairs(env, "-e"))
    return conduct(apply_overrides(plan, overrides), **options)


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return `KEY=VALUE` texts as a mapping. Raises OptionError for one that is not of that form."""
    for text in texts:
        if not text.partition("=")[1] or text.startswith("="):
            raise OptionError(f"{option}: expected KEY=VALUE, found {text!r}")
    return dict(text.split("=", 1) for text in texts)
