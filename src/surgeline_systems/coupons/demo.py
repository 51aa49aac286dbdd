"""The whole story in one call: database, tables, seeding, service, load, and everything stopped again.

It must not know the load generator: it is given a callable that runs a script.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Steps
from surgeline_systems.coupons import DATABASE, SEEDS
from surgeline_systems.coupons.schema import make_schema
from surgeline_systems.coupons.server import running_service
from surgeline_systems.servers.postgres import postgres

LOAD_FOLDER = Path(__file__).with_name("load")
SCRIPTS = (LOAD_FOLDER / "benchmark.py", LOAD_FOLDER / "constant_rate.py")
RunScript = Callable[[Path, str], int]

STOPPED_BY_SIGNAL = 105
# Exit codes from good to bad: passed, inconclusive, thresholds failed, aborted, set-up failed, wrong script, stopped.
# Any other is a defect, and worse than all of them.
SEVERITY = (0, 112, 99, 108, 107, 104, STOPPED_BY_SIGNAL)


def run_demo(run_script: RunScript, users: int, steps: Steps) -> int:
    """Run the load suite against a system of our own; gives the worst exit code of its scripts.

    `run_script(path, base_url)` runs one script. Whatever happens, Ctrl-C too, nothing stays behind but the database
    on a server that was there before. Raises: ServerError, and SurgelineError when the database cannot be seeded.
    """
    with steps.step("demo"), _environment("USERS", str(users)), ExitStack() as stack:
        with steps.step("PostgreSQL"):
            database = stack.enter_context(postgres(DATABASE))
        with steps.step(f"tables in {database.origin}"):
            asyncio.run(make_schema(database.url))
        with steps.step(f"seeding of {users:,} users"):
            seed(database.url, steps)
        with steps.step("service"):
            base_url = stack.enter_context(running_service(database.url))
        return _run_scripts(run_script, base_url, steps)


def seed(database_url: str, steps: Steps) -> None:
    """Do as `surgeline seed apply` does: what is there already stays. Raises: SurgelineError."""
    declarations = load_declarations(SEEDS)
    with connect(database_url) as database:
        apply(database, declarations, steps)


def worst(codes: list[int]) -> int:
    """The exit code that stands for all of them."""
    return max(codes, key=lambda code: SEVERITY.index(code) if code in SEVERITY else len(SEVERITY))


def _run_scripts(run_script: RunScript, base_url: str, steps: Steps) -> int:
    codes: list[int] = []
    for script in SCRIPTS:
        with steps.step(script.name):
            codes.append(run_script(script, base_url))
        if codes[-1] == STOPPED_BY_SIGNAL:
            break
    return worst(codes)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable while the block runs: what is seeded, and what the scripts know of it, follow from it."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before
