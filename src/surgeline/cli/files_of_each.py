"""The files that several runs of one command write: one for each run, by `{suite}`, say, in the name that is given."""

from collections.abc import Mapping, Sequence
from typing import Any

from surgeline.errors import OptionError
from surgeline.script.settings import Flag, read_given

_WRITTEN_ANEW = ("json=", "csv=", "junit=")
"""How outputs begin that write a file of their own; `github` adds to one."""


def files_of_each(flags: Mapping[str, Flag], kind: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return for each run the options that name files, wherever they were given, with its name put in.

    `kind` says what the runs are, `suite` say: their names stand where `{suite}` is written. Raises OptionError where
    several would write the same file.
    """
    settings, place = read_given(flags).settle(), f"{{{kind}}}"
    export = None if settings.summary_export is None else str(settings.summary_export)
    named = [*filter(None, [export]), *(text for text in settings.out if text.startswith(_WRITTEN_ANEW))]
    for text in named:
        if len(names) > 1 and place not in text:
            option = settings.names("summary_export" if text == export else "out")
            raise OptionError(
                f"{option}: expected a file for each of {len(names)} {kind}s, found one, {text}; "
                f"write {place} where their names are to stand: {_example(text, place)}"
            )
    return {name: _with_name(export, settings.out, place, name) for name in names}


def _with_name(export: str | None, outputs: Sequence[str], place: str, name: str) -> dict[str, Any]:
    """Only what is given: what is not there is for the script to say."""
    given: dict[str, Any] = {}
    if export is not None:
        given["summary_export"] = export.replace(place, name)
    if outputs:
        given["out"] = tuple(text.replace(place, name) for text in outputs)
    return given


def _example(text: str, place: str) -> str:
    stem, dot, ending = text.rpartition(".")
    return f"{stem}-{place}{dot}{ending}" if dot else f"{text}-{place}"
