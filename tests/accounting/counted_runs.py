"""Real runs of scripts against a server that counts, and what the client counted of its requests."""

import os
import textwrap
from collections import Counter
from functools import partial

from surgeline.run import RunOptions, run_plan
from surgeline.script.plan import Overrides
from surgeline.workers.recipe import script_plan

_PREAMBLE = """
import asyncio, os
from surgeline import *

URLS = {urls!r}
LARGE = bytes(5_000_000)

if os.getpid() != {coordinator}:
    from healthy_generator import keep_up
    keep_up()

thresholds({{"iterations": "count>=0"}})
"""


class Ran:
    """A run that has ended, and what it counted."""

    def __init__(self, report):
        self.report = report
        self.result = report.result

    def requests(self, name):
        """Return how many requests of a name there were, by status, or by error code where there was no answer."""
        found = Counter()
        for (of, status, code), value in self.result.metrics.by_tag(
            "http_reqs", "name", "status", "error_code"
        ).items():
            if of == name:
                found[code if status == "0" else status] += int(value.count)
        return found

    def value(self, metric, stat="count", **tags):
        found = self.result.metrics.value(metric, tags)
        return 0 if found is None else int(found.stat(stat))


def run(folder, server, script, workers=1):
    """Run a script, then let the server count to the end."""
    path = folder / "script.py"
    path.write_text(_PREAMBLE.format(urls=server.urls, coordinator=os.getpid()) + textwrap.dedent(script))
    recipe = partial(script_plan, path, {}, {}, Overrides())
    notify = progress = lambda _: None
    report = run_plan(recipe(), RunOptions(notify, progress, workers=workers, recipe=recipe, seed=1))
    server.finish()
    assert report.result.iteration_errors == ()
    return Ran(report)
