"""Runs a module in a build that `build` made, with the runtime that its objects were compiled for:

    python -m tests.fuzz.sanitized FOLDER tests.fuzz.client --connections 100000

The runtime is the one that comes with atheris. What it finds ends the process with a report.
"""

import os
import sys
from pathlib import Path

import atheris

_OPTIONS = {
    # Python keeps what it has until it ends; what is left of scenes, `client` counts.
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:malloc_context_size=8:quarantine_size_mb=64",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # Each object has memory of its own: what is used after it was freed is seen.
    "PYTHONMALLOC": "malloc",
}


def main() -> None:
    """Become that module's process."""
    if len(sys.argv) < 3:
        sys.exit("usage: python -m tests.fuzz.sanitized FOLDER MODULE [ARGUMENT...]")
    folder, *command = sys.argv[1:]
    environment = {
        **os.environ,
        **_OPTIONS,
        "PYTHONPATH": str(Path(folder) / "src"),
        "LD_PRELOAD": str(Path(atheris.path()) / "asan_with_fuzzer.so"),
    }
    os.execve(sys.executable, [sys.executable, "-m", *command], environment)


if __name__ == "__main__":
    main()
