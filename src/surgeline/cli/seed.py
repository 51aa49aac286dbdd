"""`surgeline seed`: what the database must hold, planned, put there, looked at, put back, taken away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surgeline.cli.declarations import load_declared
from surgeline.cli.run_options import run_options
from surgeline.cli.steps import ShownSteps
from surgeline.cli.summary import print_text
from surgeline.errors import ExitCode, OptionError

if TYPE_CHECKING:
    from surgeline.seeding.database import Database
    from surgeline.seeding.file import Declarations

_YES = "yes_this_database"
FOUND_WRONG = ExitCode.THRESHOLDS_FAILED
"""What was asked for does not hold."""

_AGREED = click.option(
    "--yes-this-database",
    metavar="NAME",
    help="Change a database that does not look like a test's: its name, once more.",
)
_COMMON = (
    click.argument("file", type=click.Path(path_type=Path)),
    click.option(
        "--database",
        "url",
        envvar="DATABASE_URL",
        show_envvar=True,
        metavar="URL",
        help="postgresql://, mysql:// or sqlite:///FILE.",
    ),
    run_options(("env",)),
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
)


class InOrder(click.Group):
    """Sub-commands in the order in which they are used."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """See `click.Group`."""
        return list(self.commands)


@click.group(cls=InOrder, short_help="Put a test's data into a database, look at it, put it back.")
def command() -> None:
    """Put what FILE declares into a database, and keep it as declared.

    `apply` and `clean` change and delete rows that a seeding made, and no others. `reset` and `clean` empty the tables
    that FILE leaves to the test by written(...); `reset` also deletes what came into a seeded table later, when all its
    rows were ours at first. These three are for databases whose name or host says that they are for tests; for others
    say --yes-this-database NAME.
    """


def _of_seed(*, changes: bool) -> Callable[[Callable[..., ExitCode]], Callable[..., ExitCode]]:
    """Give a command what all have; it is called with an open database, the declarations and the steps."""

    def decorate(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
        @wraps(function)
        def call(file: Path, url: str | None, as_json: bool, quiet: bool, **options: Any) -> ExitCode:
            flags = {"env": options.pop("env")}
            agreed = options.pop(_YES, None)
            with (
                _opened(file, url, flags, agreed, changes=changes) as (database, declarations),
                _told_when_interrupted(),
            ):
                return function(database, declarations, ShownSteps(quiet=quiet), as_json, **options)

        for option in reversed((*_COMMON, _AGREED) if changes else _COMMON):
            call = option(call)
        return call

    return decorate


@contextmanager
def _opened(
    file: Path, url: str | None, flags: dict[str, Any], agreed: str | None, *, changes: bool
) -> "Iterator[tuple[Database, Declarations]]":
    from surgeline.seeding.connect import connect  # noqa: PLC0415 - so that --help is quick
    from surgeline.seeding.url import parse_url, refuse_unless_test  # noqa: PLC0415

    declarations = load_declared(file, flags)
    if url is None:
        raise OptionError(
            "--database: expected the URL of a database, found none; give --database postgresql://HOST/NAME, "
            "with the user and an @ before HOST, or set DATABASE_URL"
        )
    address = parse_url(url)
    if changes:
        refuse_unless_test(address, agreed)
    with connect(address) as database:
        yield database, declarations


@contextmanager
def _told_when_interrupted() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo(
            "Interrupted; each table is as it was before, or all done: `surgeline seed status` says which.", err=True
        )
        raise


@command.command("plan", short_help="Show what `apply` would do. Changes nothing.")
@_of_seed(changes=False)
def plan_command(database: "Database", declarations: "Declarations", steps: ShownSteps, as_json: bool) -> ExitCode:
    """Show what `apply` would make, change and delete, in which order and how long. Changes nothing."""
    from surgeline.report.seeding import render_plan  # noqa: PLC0415
    from surgeline.seeding.plan import plan  # noqa: PLC0415

    return _print(plan(database, declarations, steps), database, as_json, render_plan)


@command.command("apply", short_help="Bring the tables to what FILE declares.")
@_of_seed(changes=True)
@click.option(
    "--indexes",
    type=click.Choice(["auto", "keep", "rebuild"]),
    default="auto",
    show_default=True,
    help="Drop secondary indexes and make them again after the load: for large empty tables, never, or always.",
)
def apply_command(
    database: "Database", declarations: "Declarations", steps: ShownSteps, as_json: bool, indexes: str
) -> ExitCode:
    """Bring the tables to what FILE declares: all of it, or, when anything is in the way, nothing."""
    from surgeline.report.seeding import render_changes  # noqa: PLC0415
    from surgeline.seeding.apply import Indexes, apply  # noqa: PLC0415

    return _print(apply(database, declarations, steps, Indexes(indexes)), database, as_json, render_changes)


@command.command("status", short_help="Show which version is there, and whether all of it is.")
@_of_seed(changes=False)
def status_command(database: "Database", declarations: "Declarations", steps: ShownSteps, as_json: bool) -> ExitCode:
    """Show which version of the declaration is there, and whether all of it is. Ends with 99 when it is not."""
    from surgeline.report.seeding import render_status  # noqa: PLC0415
    from surgeline.seeding.status import status  # noqa: PLC0415

    found = status(database, [*declarations.tables, *declarations.written], steps)
    _print(found, database, as_json, render_status)
    return ExitCode.PASSED if all(one.fine for one in found) else FOUND_WRONG


@command.command("verify", short_help="Compare every row with its declaration.")
@_of_seed(changes=False)
def verify_command(database: "Database", declarations: "Declarations", steps: ShownSteps, as_json: bool) -> ExitCode:
    """Compare every row with its declaration: counts, keys, values, foreign keys. Ends with 99 when one differs."""
    from surgeline.report.seeding import render_verified  # noqa: PLC0415
    from surgeline.seeding.verify import verify  # noqa: PLC0415

    found = verify(database, declarations, steps)
    _print(found, database, as_json, render_verified)
    return FOUND_WRONG if found.differences else ExitCode.PASSED


@command.command("reset", short_help="Put the tables back, between two runs.")
@_of_seed(changes=True)
def reset_command(database: "Database", declarations: "Declarations", steps: ShownSteps, as_json: bool) -> ExitCode:
    """Put the tables back to what they were when seeded, counters and the server's statistics too: between two runs."""
    from surgeline.report.seeding import render_reset  # noqa: PLC0415
    from surgeline.seeding.reset import reset  # noqa: PLC0415

    return _print(reset(database, declarations, steps), database, as_json, render_reset)


@command.command("clean", short_help="Delete what seeding and the test put there.")
@_of_seed(changes=True)
def clean_command(database: "Database", declarations: "Declarations", steps: ShownSteps, as_json: bool) -> ExitCode:
    """Delete the rows that seeding made, of any version, and what the test wrote. Nothing else."""
    from surgeline.report.seeding import render_cleaned  # noqa: PLC0415
    from surgeline.seeding.clean import clean  # noqa: PLC0415

    return _print(clean(database, declarations, steps), database, as_json, render_cleaned)


def _print(result: Any, database: "Database", as_json: bool, render: Callable[..., str]) -> ExitCode:
    if as_json:
        import msgspec  # noqa: PLC0415 - needed here alone

        print_text(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        print_text(render(result, database.target))
    return ExitCode.PASSED
