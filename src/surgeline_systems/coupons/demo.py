"""The whole story in one call: database, schema, seeding, service, load, and everything stopped again.

It must not know the load generator: it is given a callable that runs a script.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from surgeline_systems.coupons import DATABASE
from surgeline_systems.coupons.catalogue import DEFAULT_USERS, Catalogue
from surgeline_systems.coupons.progress import Steps
from surgeline_systems.coupons.schema import make_schema
from surgeline_systems.coupons.seed import fill
from surgeline_systems.coupons.server import running_service
from surgeline_systems.servers.postgres import postgres

LOAD_FOLDER = Path(__file__).with_name("load")
SCRIPTS = (LOAD_FOLDER / "benchmark.py", LOAD_FOLDER / "constant_rate.py")
RunScript = Callable[[Path, str], int]

STOPPED_BY_SIGNAL = 105
# Exit codes from good to bad: passed, inconclusive, thresholds failed, aborted, set-up failed, wrong script, stopped.
# Any other is a defect, and worse than all of them.
SEVERITY = (0, 112, 99, 108, 107, 104, STOPPED_BY_SIGNAL)


def run_demo(run_script: RunScript, users: int = DEFAULT_USERS, *, quiet: bool = False) -> int:
    """Run the load suite against a system of our own; gives the worst exit code of its scripts.

    `run_script(path, base_url)` runs one script. Whatever happens, Ctrl-C too, nothing stays behind but the database
    on a server that was there before. Raises: ServerError, SeedingError, SizeError.
    """
    catalogue = Catalogue(users=users)
    steps = Steps(quiet=quiet)
    with steps.step("demo, everything stopped again"), ExitStack() as stack:
        with steps.step("a database is there"):
            database = stack.enter_context(postgres(DATABASE))
        steps.say(f"  {database.origin}")
        with steps.step("its schema is there"):
            asyncio.run(make_schema(database.url))
        with steps.step(f"{catalogue.users:,} users and {catalogue.coupons:,} coupons are seeded"):
            asyncio.run(fill(database.url, catalogue, steps))
        with steps.step("the service answers"):
            base_url = stack.enter_context(running_service(database.url))
        stack.enter_context(_environment(_sizes(catalogue)))
        return _run_scripts(run_script, base_url, steps)


def worst(codes: list[int]) -> int:
    """The exit code that stands for all of them."""
    return max(codes, key=lambda code: SEVERITY.index(code) if code in SEVERITY else len(SEVERITY))


def _run_scripts(run_script: RunScript, base_url: str, steps: Steps) -> int:
    codes: list[int] = []
    for script in SCRIPTS:
        with steps.step(f"{script.name} has run"):
            codes.append(run_script(script, base_url))
        if codes[-1] == STOPPED_BY_SIGNAL:
            break
    return worst(codes)


def _sizes(catalogue: Catalogue) -> dict[str, str]:
    """What a script must know to expect the right answers, as when it is run by hand."""
    return {
        "USERS": str(catalogue.users),
        "COUPONS": str(catalogue.coupons),
        "CATALOGUE_SEED": str(catalogue.seed),
    }


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set these variables while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
        os.environ.update({name: value for name, value in before.items() if value is not None})
