"""`surgeline inspect SCRIPT`: what a run would do, without doing it."""

from pathlib import Path
from typing import Any

import click

from surgeline.cli.prepare import prepare
from surgeline.cli.run_options import given_flags, run_options
from surgeline.cli.summary import print_text, width
from surgeline.errors import ExitCode
from surgeline.outputs.output import parse_outputs
from surgeline.report.plan import render_plan
from surgeline.script.inspection import inspect_plan

_LEAST_WIDTH = 80


@click.command(short_help="Show what a script would do, without doing it.")
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
@run_options()
def command(script: Path, as_json: bool, **flags: Any) -> ExitCode:
    """Show what `surgeline run` would do with a SCRIPT and these options, and where each value comes from.

    The script is loaded; nothing is sent, and no set-up is called.
    """
    prepared = prepare(script, given_flags(flags))
    parse_outputs(prepared.settings.out, prepared.settings.summary_export)
    inspection = inspect_plan(prepared.declared, prepared.plan, prepared.settings)
    if as_json:
        import msgspec  # noqa: PLC0415 - needed here alone

        print_text(msgspec.json.format(msgspec.json.encode(inspection), indent=2).decode())
    else:
        print_text(render_plan(inspection, max(_LEAST_WIDTH, width())).removesuffix("\n"))
    return ExitCode.PASSED
