"""Loads a script: a file in, a `TestPlan` out. Whatever is wrong with it is one message with its file and line."""

import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from surgeline.errors import ScriptError, SurgelineError, ThresholdError
from surgeline.judge.grammar import parse_thresholds
from surgeline.metrics.names import BUILTIN
from surgeline.script.declare import Collection, collecting
from surgeline.script.plan import TestPlan

_MODULE = "surgeline_script"
_helpers: list[str] = []
"""Modules beside the last script that it imported: the next script starts without them, as in a process of its own."""
_folders: list[str] = []
"""What the last script put at the front of `sys.path`."""


def load_script(path: Path, environment: Mapping[str, str] | None = None) -> TestPlan:
    """Return the plan of a script. `environment` is laid over the process's.

    Raises ScriptError when the script cannot be read, run, or turned into a plan.
    """
    collection = Collection({**os.environ, **(environment or {})})
    _execute(path, collection)
    if not collection.scenarios:
        raise ScriptError(
            'expected at least one scenario, found none; put @scenario(constant_vus(vus=1, duration="10s")) over an '
            "async function",
            str(path),
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
        environment=collection.environment,
    )


def _execute(path: Path, collection: Collection) -> None:
    """Run the file as a module of its own, its folder importable as for any Python script."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise ScriptError(f"expected a Python script, found {found} there", str(path))
    module = sys.modules[_MODULE] = ModuleType(_MODULE)
    module.__file__ = str(path)
    token = collecting.set(collection)
    folder = path.resolve().parent
    _forget_helpers(folder)
    before = set(sys.modules)
    try:
        # Compiled here and not imported: no cached bytecode beside the user's file, and its path as the user wrote it.
        code = compile(path.read_bytes(), str(path), "exec")
        exec(code, sys.modules[_MODULE].__dict__)  # noqa: S102 - running the user's script is the job
    except SyntaxError as error:
        where = error.filename or str(path)
        raise ScriptError(f"expected Python, found a syntax error: {error.msg}", where, error.lineno) from None
    except SurgelineError as error:
        raise ScriptError(str(error), str(path), _line_in(path, error)) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ScriptError(_describe(error), str(path), _line_in(path, error)) from None
    finally:
        _helpers.extend(name for name in sys.modules.keys() - before if _is_beside(folder, name))
        collecting.reset(token)


def _forget_helpers(folder: Path) -> None:
    """Make `folder` importable in place of the last script's; it stays so, for imports inside of functions."""
    for name in _helpers:
        sys.modules.pop(name, None)
    _helpers.clear()
    while _folders:
        with suppress(ValueError):  # the script may have changed the path itself
            sys.path.remove(_folders.pop())
    _folders.append(str(folder))
    sys.path.insert(0, str(folder))


def _is_beside(folder: Path, module: str) -> bool:
    """Was it imported from the script's folder itself? What is installed somewhere below stays as it is."""
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None)
    return file is not None and Path(file) in (folder / f"{top}.py", folder / top / "__init__.py")


def _describe(error: BaseException) -> str:
    text = str(error)
    return f"the script raised {type(error).__name__}" + (f": {text}" if text else "")


def _line_in(path: Path, error: BaseException) -> int | None:
    """Return the last line of the script itself that led to the error."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else None


def _line_of(path: Path, text: str) -> int | None:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if text in line and not line.lstrip().startswith("#"):
            return number
    return None
