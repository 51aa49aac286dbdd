"""What an output is, and how `--out KIND=TARGET` names one.

Knows the kinds and nothing of how they work: each is imported when it is asked for.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from surgeline.engine.sink import Sink
from surgeline.errors import OptionError
from surgeline.judge.refusals import suggest
from surgeline.result import RunFacts, RunResult


class Output(Sink, Protocol):
    """A sink with a life. It says what goes wrong through the `notify` of the facts; only `start` raises."""

    def start(self, facts: RunFacts) -> None:
        """Prepare, before the load. Raises OptionError when it can never work: nothing is sent then."""

    def finish(self, result: RunResult | None) -> None:
        """Write what is left, after the load; may take some seconds. None when there was no load."""


def parse_outputs(texts: Sequence[str], summary_export: Path | None = None) -> list[Output]:
    """Return the outputs that the texts of `--out` name, in order.

    Raises OptionError when a kind is not known, a target is missing or no target of its kind, when the kind needs an
    extra that is not installed, and when one file is given twice, as `summary_export` say.
    """
    outputs = [_parse(text) for text in texts]
    _refuse_shared_files(texts, summary_export)
    return outputs


def _refuse_shared_files(texts: Sequence[str], summary_export: Path | None) -> None:
    """Raise OptionError where what one output writes would end in the middle of another's."""
    given = [(f"--out {text}", Path(target)) for text in texts if (target := _file_of(text))]
    given += [] if summary_export is None else [(f"--summary-export {summary_export}", summary_export)]
    owners: dict[Path, str] = {}
    for option, path in given:
        owner = owners.setdefault(path.resolve(), option)
        if owner is not option and (path.is_file() or not path.exists()):  # /dev/null has room for all
            raise OptionError(f"{option}: expected a file of its own, found the one of {owner}")


def _file_of(text: str) -> str:
    """Return the file that an output writes; empty where it writes none."""
    kind, _, target = text.partition("=")
    if kind == "github":
        return target or os.environ.get("GITHUB_STEP_SUMMARY", "")
    return target if kind in ("json", "csv", "junit") else ""


def _parse(text: str) -> Output:
    kind, _, target = text.partition("=")
    make = _KINDS.get(kind)
    if make is None:
        raise OptionError(f'--out {text}: expected one of {", ".join(_FORMS)}, found "{kind}"{suggest(kind, _KINDS)}')
    return make(target)


def _json(target: str) -> Output:
    from surgeline.outputs.samples import make_json  # noqa: PLC0415 - see above

    return make_json(_file("json", target))


def _csv(target: str) -> Output:
    from surgeline.outputs.samples import make_csv  # noqa: PLC0415 - see above

    return make_csv(_file("csv", target))


def _junit(target: str) -> Output:
    from surgeline.outputs.junit import make_junit  # noqa: PLC0415 - see above

    return make_junit(_file("junit", target))


def _github(target: str) -> Output:
    from surgeline.outputs.github import make_github  # noqa: PLC0415 - see above

    path = _file_of(f"github={target}")
    if not path:
        raise OptionError(
            "--out github: expected a file, found none, and GITHUB_STEP_SUMMARY is not set: this is no step of a "
            "GitHub workflow; give one: --out github=summary.md"
        )
    return make_github(_file("github", path))


def _otel(target: str) -> Output:
    try:
        from surgeline.outputs.otel import make_otel  # noqa: PLC0415 - see above
    except ImportError as error:
        raise _missing("otel", error) from error
    return make_otel(target or None)


def _prometheus(target: str) -> Output:
    if not target:
        raise OptionError(
            "--out prometheus: expected the URL of a remote write endpoint, found none; "
            "give it: --out prometheus=http://localhost:9090/api/v1/write"
        )
    try:
        from surgeline.outputs.prometheus import make_prometheus  # noqa: PLC0415 - see above
    except ImportError as error:
        raise _missing("prometheus", error) from error
    return make_prometheus(target)


_KINDS: dict[str, Callable[[str], Output]] = {
    "json": _json,
    "csv": _csv,
    "junit": _junit,
    "github": _github,
    "otel": _otel,
    "prometheus": _prometheus,
}
_FORMS = ("json=FILE", "csv=FILE", "junit=FILE", "github[=FILE]", "otel[=URL]", "prometheus=URL")


def _file(kind: str, target: str) -> Path:
    if not target:
        raise OptionError(f"--out {kind}: expected a file, found none; give it: --out {kind}=FILE")
    if target == "-":
        raise OptionError(f"--out {kind}=-: expected a file, found -: standard output carries the summary; give a file")
    return Path(target)


def _missing(kind: str, error: ImportError) -> OptionError:
    return OptionError(
        f"--out {kind} needs packages that are not installed ({error.name or error}); "
        f"install them: pip install 'surgeline[{kind}]'"
    )
