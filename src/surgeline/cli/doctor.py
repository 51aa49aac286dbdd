"""`surgeline doctor SCRIPT`: says before a run what would make it fail."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from surgeline.cli.prepare import prepare
from surgeline.cli.run_options import given_flags, run_options
from surgeline.cli.summary import print_text, width
from surgeline.errors import ExitCode
from surgeline.outputs.output import parse_outputs
from surgeline.report.doctor import render_diagnosis

_DATABASE = "DATABASE_URL"
_LEAST_WIDTH = 80


@click.command(short_help="Say before a run what would make it fail.")
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--database", metavar="URL", help="Where the pools' tables are seeded.  [env: DATABASE_URL]")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
@run_options()
def command(script: Path, database: str | None, as_json: bool, **flags: Any) -> ExitCode:
    """Say what would make `surgeline run` fail with a SCRIPT and these options: before it starts, and without a load.

    The service is sent one request for each origin; nothing is changed, and no set-up is called. Ends with 0 when
    nothing fails, and with 99 when something does.
    """
    from surgeline.doctor.examine import examine  # noqa: PLC0415 - so that --help is quick

    prepared = prepare(script, given_flags(flags))
    parse_outputs(prepared.settings.out, prepared.settings.summary_export)
    url = database or prepared.plan.environment.get(_DATABASE)
    diagnosis = examine(prepared.plan, prepared.settings, url, datetime.now(UTC))
    if as_json:
        import json  # noqa: PLC0415 - needed here alone
        from dataclasses import asdict  # noqa: PLC0415 - as above

        print_text(json.dumps(asdict(diagnosis), indent=2))  # in ASCII, for names of files may be no text
    else:
        print_text(render_diagnosis(diagnosis, max(_LEAST_WIDTH, width())).removesuffix("\n"))
    return ExitCode.PASSED if diagnosis.ok else ExitCode.THRESHOLDS_FAILED
