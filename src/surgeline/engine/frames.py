"""Whose code a frame of a traceback is: ours, that of what is installed, or the script's own."""

import site
import sysconfig
from functools import cache
from os import sep
from pathlib import Path

_PACKAGE = str(Path(__file__).parents[1]) + sep
_NATIVE = "surgeline/_native/"
_INSTALLED = ("stdlib", "platstdlib", "purelib", "platlib")


@cache
def is_ours(filename: str) -> bool:
    """Is it a file of this package?"""
    return filename.startswith(_PACKAGE) or _NATIVE in filename


@cache
def is_users_own(filename: str) -> bool:
    """Is it neither ours, nor of the standard library or a package that is installed, nor code without a file?"""
    return not (is_ours(filename) or filename.startswith(("<", *_installed())))


def prepare() -> None:
    """Look up where code is installed, which reads files: when the load runs there may be no descriptor left."""
    _installed()


@cache
def _installed() -> tuple[str, ...]:
    folders = {*(sysconfig.get_path(name) for name in _INSTALLED), *site.getsitepackages(), site.getusersitepackages()}
    # The standard library is named by where Python itself lives, also from inside of a virtual environment.
    folders |= {str(Path(folder).resolve()) for folder in folders}
    return tuple(folder + sep for folder in folders)
