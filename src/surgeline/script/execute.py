"""Runs a user's file: what it declares goes into a collection. Whatever is wrong with it is one message with its line.

Must not know what may be declared.
"""

import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from surgeline.engine.frames import is_users_own
from surgeline.errors import ScriptError, SurgelineError
from surgeline.script.collection import Collection, collecting
from surgeline.script.setting import Layer

_MODULE = "surgeline_script"
_helpers: list[str] = []
"""Modules beside the last script that it imported: the next script starts without them, as in a process of its own."""
_folders: list[str] = []
"""What the last script put at the front of `sys.path`."""


class Executed(NamedTuple):
    """A file that was run."""

    source: bytes
    namespace: dict[str, Any]
    """What its names mean at the end."""


def open_collection(path: Path, given: Mapping[str, str], stored: Mapping[str, str]) -> Collection:
    """Return what a file's declarations go into; `env` finds what is given first, what is stored last."""
    layers = dict.fromkeys(stored.keys() - os.environ.keys(), Layer.FILE) | dict.fromkeys(given, Layer.FLAG)
    return Collection({**stored, **os.environ, **given}, _folder_of(path), layers)


def execute(path: Path, collection: Collection) -> Executed:
    """Run the file as a module of its own, its folder importable as for any Python script.

    Raises ScriptError when the file cannot be read, or raises anything itself.
    """
    source = _read(path)
    module = sys.modules[_MODULE] = ModuleType(_MODULE)
    module.__file__ = str(path)
    token = collecting.set(collection)
    folder = _folder_of(path)
    _forget_helpers(folder)
    before = set(sys.modules)
    try:
        # Compiled here and not imported: no cached bytecode beside the user's file, and its path as the user wrote it.
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
    return Executed(source, module.__dict__)


def _read(path: Path) -> bytes:
    try:
        if path.is_file():
            return path.read_bytes()
        found = "a folder" if path.is_dir() else "something else" if path.exists() else "nothing"
    except OSError as error:
        raise ScriptError(f"expected a Python script that can be read: {error.strerror}", str(path)) from None
    raise ScriptError(f"expected a Python script, found {found} there", str(path))


def _folder_of(path: Path) -> Path:
    return Path(os.path.realpath(path)).parent


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
    try:
        text = str(error)
    except Exception:  # it is the script's own
        text = ""
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
    file, folder = Path(own[-1].filename), _folder_of(path)
    shown = path.parent / file.relative_to(folder) if file.is_relative_to(folder) else file
    return f" ({shown}:{own[-1].lineno})"
