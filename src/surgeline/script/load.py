"""Loads a script: a file in, a `TestPlan` out. Whatever is wrong with it is one message with its file and line."""

import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from surgeline.engine.frames import is_users_own
from surgeline.engine.scenario import Scenario
from surgeline.errors import ScriptError, SurgelineError, ThresholdError
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.plan_checks import check_selectors
from surgeline.metrics.names import BUILTIN
from surgeline.protocols.http.options import HttpOptions
from surgeline.script.collection import Collection, collecting
from surgeline.script.plan import TestPlan
from surgeline.script.setting import Layer

_MODULE = "surgeline_script"
_helpers: list[str] = []
"""Modules beside the last script that it imported: the next script starts without them, as in a process of its own."""
_folders: list[str] = []
"""What the last script put at the front of `sys.path`."""


def load_script(
    path: Path, environment: Mapping[str, str] | None = None, stored: Mapping[str, str] | None = None
) -> TestPlan:
    """Return the plan of a script. `environment` is laid over the process's for `env`, and `stored` lies under it.

    Raises ScriptError when the script cannot be read, run, or turned into a plan.
    """
    given, stored = environment or {}, stored or {}
    layers = dict.fromkeys(stored.keys() - os.environ.keys(), Layer.FILE) | dict.fromkeys(given, Layer.FLAG)
    collection = Collection({**stored, **os.environ, **given}, path.resolve().parent, layers)
    source = _execute(path, collection)
    if not collection.scenarios:
        raise ScriptError(
            'expected at least one scenario, found none; put @scenario(constant_vus(vus=1, duration="10s")) over an '
            "async function",
            str(path),
        )
    try:
        thresholds = parse_thresholds(collection.thresholds, {**BUILTIN, **collection.metrics})
        check_selectors(thresholds, [scenario.name for scenario in collection.scenarios])
    except ThresholdError as error:
        raise ScriptError(str(error), str(path), _line_of(path, "thresholds(")) from None
    return TestPlan(
        title=str(path),
        scenarios=_with_hooks(path, collection),
        thresholds=thresholds,
        setup=collection.hooks.get(("setup", None)),
        teardown=collection.hooks.get(("teardown", None)),
        metrics=tuple(collection.metrics.values()),
        path=path,
        text=source.decode("utf-8", "replace"),
        environment=collection.environment,
        env_values=tuple(collection.env_values),
        options=collection.options,
        http=collection.http or HttpOptions(),
    )


def _with_hooks(path: Path, collection: Collection) -> tuple[Scenario, ...]:
    """Return the scenarios with what is to be called around them. Raises ScriptError for a hook of no scenario."""
    hooks = collection.hooks
    known = [scenario.name for scenario in collection.scenarios]
    for kind, name in hooks:
        if name is not None and name not in known:
            message = f"@{kind}(scenario=...): expected one of {', '.join(known)}, found {name!r}"
            raise ScriptError(message, str(path), _line_of(path, f"@{kind}("))
    return tuple(
        replace(
            scenario,
            setup=hooks.get(("setup", scenario.name)),
            teardown=hooks.get(("teardown", scenario.name)),
            vu_start=hooks.get(("vu_start", scenario.name), hooks.get(("vu_start", None))),
            vu_stop=hooks.get(("vu_stop", scenario.name), hooks.get(("vu_stop", None))),
        )
        for scenario in collection.scenarios
    )


def _execute(path: Path, collection: Collection) -> bytes:
    """Run the file as a module of its own, its folder importable as for any Python script; return what it holds."""
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
        source = path.read_bytes()
        exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - running the user's script is the job
    except SyntaxError as error:
        where = error.filename or str(path)
        raise ScriptError(f"expected Python, found a syntax error: {error.msg}", where, error.lineno) from None
    except SurgelineError as error:
        raise ScriptError(str(error) + _helper_in(path, error), str(path), _line_in(path, error)) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ScriptError(_describe(error) + _helper_in(path, error), str(path), _line_in(path, error)) from None
    finally:
        _helpers.extend(name for name in sys.modules.keys() - before if _is_beside(folder, name))
        collecting.reset(token)
    return source


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


def _helper_in(path: Path, error: BaseException) -> str:
    """Return ` (helper.py:3)`, the innermost place in the user's own files; nothing where that is the script itself."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users_own(frame.filename)]
    if not own or own[-1].filename == str(path):
        return ""
    file, folder = Path(own[-1].filename), path.resolve().parent
    shown = path.parent / file.relative_to(folder) if file.is_relative_to(folder) else file
    return f" ({shown}:{own[-1].lineno})"


def _line_of(path: Path, text: str) -> int | None:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if text in line and not line.lstrip().startswith("#"):
            return number
    return None
