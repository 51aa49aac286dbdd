"""Runs of scripts by several processes, in a folder where they leave what they saw."""

import json
import textwrap
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from surgeline.run import RunOptions, run_plan
from surgeline.script.plan import Overrides
from surgeline.workers.recipe import script_plan

TESTS = Path(__file__).parents[1]
NOTE = """
import json, os, sys
from pathlib import Path
sys.path.append({tests!r})
from healthy_generator import keep_up
from surgeline import *
from surgeline.script.executors import externally_controlled, per_vu_iterations, ramping_arrival_rate, ramping_vus

FOLDER = Path({folder!r})
keep_up()

def note(name, **facts):
    with open(FOLDER / name, "a") as file:
        file.write(json.dumps(dict(facts, pid=os.getpid())) + "\\n")

"""


@dataclass
class Ran:
    folder: Path
    report: object = None
    messages: list = field(default_factory=list)
    snapshots: list = field(default_factory=list)

    @property
    def result(self):
        return self.report.result

    def value(self, name, stat="count", **tags):
        value = self.result.metrics.value(name, tags)
        return 0 if value is None else value.stat(stat)

    def notes(self, name):
        return read_notes(self.folder, name)


def read_notes(folder, name):
    path = folder / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def write_script(folder, body):
    path = folder / "script.py"
    path.write_text(NOTE.format(tests=str(TESTS), folder=str(folder)) + textwrap.dedent(body))
    return path


def run_script(folder, body, workers=2, on_progress=None, **options):
    recipe = partial(script_plan, write_script(folder, body), {}, {}, Overrides())
    ran = Ran(folder)
    ran.report = run_plan(
        recipe(),
        RunOptions(ran.messages.append, on_progress or ran.snapshots.append, workers=workers, recipe=recipe, **options),
    )
    return ran
