"""Lets libFuzzer look for inputs by the coverage of the instrumented native core and of the client's Python.

    python -m tests.fuzz.sanitized FOLDER tests.fuzz.guided CORPUS [-max_total_time=3600] [other options of libFuzzer]

New inputs are added to CORPUS. Those that fail are kept as `failed-...` in the working directory, and `crash-...` and
`timeout-...` those that end the process.
"""

import sys
from pathlib import Path

import atheris

_LIMITS = ["-timeout=60", "-max_len=1024", "-rss_limit_mb=4096"]


def main() -> None:
    """Fuzz until libFuzzer ends."""
    with atheris.instrument_imports(include=["surgeline.protocols"]):
        from tests.fuzz.client import Report
    report = Report(Path())
    atheris.Setup([sys.argv[0], *_LIMITS, *sys.argv[1:]], report.play)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
