"""Makes a build of the package in a folder of its own, its native core compiled by clang for a coverage-guided fuzzer
and with the sanitizers of addresses and of undefined behaviour.

    python -m tests.fuzz.build FOLDER

Needs clang, Cython and setuptools. The folder must not exist yet; `sanitized` runs what is in it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_COPIED = ("setup.py", "pyproject.toml", "README.md", "LICENSE")
_FLAGS = (
    "-g -O1 -fsanitize=fuzzer-no-link -fno-sanitize-recover=all -fsanitize-ignorelist=ignored"
    " -ftrivial-auto-var-init=pattern"  # what nobody has set has a value that nobody can miss
)
_IGNORED = "[pointer-overflow]\nsrc:*build/cython/*\n"
"""Cython's own code adds 0 to a null pointer where a function has no arguments; the C core is not excused."""


def build(folder: Path) -> None:
    """Copy the package's source to the folder and build its extensions there, in place."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("*.so", "__pycache__", "*.egg-info"))
    for name in _COPIED:
        shutil.copy(ROOT / name, folder)
    (folder / "ignored").write_text(_IGNORED)
    environment = {
        **os.environ,
        "CC": "clang",
        "LDSHARED": "clang -shared",
        "SURGELINE_SANITIZE": "1",
        "CFLAGS": _FLAGS,
        "LDFLAGS": "-fsanitize=fuzzer-no-link",
    }
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.fuzz.build FOLDER")
    build(Path(sys.argv[1]))
