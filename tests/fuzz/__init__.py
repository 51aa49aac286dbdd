"""Fuzzing of the whole HTTP client against a hostile server.

An input is a program for a scene (`program`): what a script does (`script`) and what the server does on each connection
(`hostile_server`). `client` plays it and asks the `oracles` whether the client did what it must. From the repository's
root, in an environment that has the package and its `dev` extra:

    python -m tests.fuzz.client --connections 100000          seeded, with any build
    python -m tests.fuzz.client INPUT...                      replays inputs

By coverage and under sanitizers, with clang, in an environment that also has atheris:

    python -m tests.fuzz.build FOLDER                                       makes an instrumented build
    python -m tests.fuzz.sanitized FOLDER tests.fuzz.guided CORPUS -max_total_time=3600
    python -m tests.fuzz.sanitized FOLDER tests.fuzz.client --connections 100000
"""

import sys
from pathlib import Path

# The laboratory of the client's tests is a module of its folder.
sys.path.insert(0, str(Path(__file__).parents[1] / "protocols" / "http"))
