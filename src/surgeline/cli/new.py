"""`surgeline new [NAME]`: write a script to start from."""

import re
import sys
from pathlib import Path

import click

from surgeline.cli.summary import print_text
from surgeline.cli.templates import TEMPLATES
from surgeline.errors import ExitCode, OptionError


@click.command(short_help="Write a script to start from.")
@click.argument("name", default="load_test")
@click.option(
    "--template",
    type=click.Choice(list(TEMPLATES)),
    default="minimal",
    show_default=True,
    help="minimal: one scenario; full: most of what there is; arrival: iterations at a rate.",
)
def command(name: str, template: str) -> ExitCode:
    """Write NAME.py, a script that runs as it is. A file that is there is left alone."""
    path = _path_of(name)
    title = f"{path.stem}: a load test."
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATES[template].format(title=title, name=path.stem, file=path))
    except FileExistsError:
        raise OptionError(f"NAME: expected the name of a new script, found that {path} is there already") from None
    except OSError as error:
        raise OptionError(f"NAME: expected a place that can be written, found {path}: {error.strerror}") from None
    print_text(
        f"Wrote {path}. Next:\n  surgeline inspect {path}\n  surgeline run {path} -e BASE_URL=http://127.0.0.1:8080"
    )
    return ExitCode.PASSED


def _path_of(name: str) -> Path:
    """Return the file for a name, with `.py` or without. Raises OptionError for one that no script can have."""
    path = Path(name)
    path = path if path.suffix == ".py" else path.with_name(path.name + ".py") if path.name else path
    if not re.fullmatch(r"[A-Za-z0-9_-]+", path.stem) or path.suffix != ".py" or name.endswith("/"):
        raise OptionError(f"NAME: expected letters, digits, - and _, found {name!r}")
    if path.stem in sys.stdlib_module_names or path.stem == "surgeline":
        raise OptionError(
            f"NAME: expected a name that no module has, found {path.stem!r}: imports would find the script"
        )
    if not path.parent.is_dir():
        raise OptionError(f"NAME: expected a folder that is there, found nothing at {path.parent}")
    return path
