"""Loads a script: a file in, a `TestPlan` out. Whatever is wrong with it is one message with its file and line."""

import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from surgeline.errors import ScriptError, SurgelineError, ThresholdError
from surgeline.metrics.names import BUILTIN
from surgeline.script.declare import Collection, collecting
from surgeline.script.plan import TestPlan
from surgeline.judge.grammar import parse_thresholds


_MODULE = "surgeline_script"


def load_script(path: Path, environment: Mapping[str, str] | None = None) -> TestPlan:
    """Return the plan of a script. `environment` is laid over the process's.

    Raises ScriptError when the script cannot be read, run, or turned into a plan.
    """
    collection = Collection({**os.environ, **(environment or {})})
    _execute(path, collection)
    if not collection.scenarios:
        raise ScriptError(
            "expected at least one scenario, found none; put @scenario(constant_vus(vus=1, duration=\"10s\")) over an "
            "async function", str(path)
        )
    try:
        thresholds = parse_thresholds(collection.thresholds, BUILTIN)
    except ThresholdError as error:
        raise ScriptError(str(error), str(path), _line_of(path, "thresholds(")) from None
    return TestPlan(
        title=str(path),
        scenarios=tuple(collection.scenarios),
        thresholds=thresholds,
        setup=collection.setup,
        teardown=collection.teardown,
        path=path,
    )


def _execute(path: Path, collection: Collection) -> None:
    """Run the file as a module of its own, its folder importable as for any Python script."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise ScriptError(f"expected a Python script, found {found} there", str(path))
    module = sys.modules[_MODULE] = ModuleType(_MODULE)
    module.__file__ = str(path)
    token = collecting.set(collection)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        # Compiled here and not imported: no cached bytecode beside the user's file, and its path as the user wrote it.
        code = compile(path.read_bytes(), str(path), "exec")
        exec(code, sys.modules[_MODULE].__dict__)  # noqa: S102 - running the user's script is the job
    except SyntaxError as error:
        where = error.filename or str(path)
        raise ScriptError(f"expected Python, found a syntax error: {error.msg}", where, error.lineno) from None
    except SurgelineError as error:
        raise ScriptError(str(error), str(path), _line_in(path, error)) from None
    except (Exception, SystemExit) as error:
        raise ScriptError(_describe(error), str(path), _line_in(path, error)) from None
    finally:
        sys.path.remove(folder)
        collecting.reset(token)


def _describe(error: BaseException) -> str:
    text = str(error)
    return f"the script raised {type(error).__name__}" + (f": {text}" if text else "")


def _line_in(path: Path, error: BaseException) -> int | None:
    """Return the last line of the script itself that led to the error."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else None


def _line_of(path: Path, text: str) -> int | None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith(text):
            return number
    return None


