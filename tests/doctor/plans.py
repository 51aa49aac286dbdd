"""Plans of scripts that are written out, for the checks that look at a plan."""

import textwrap

from surgeline.script.load import load_script

ONE = "@scenario({executor}{options})\nasync def one(vu):\n    {body}\n"


def plan_of(folder, text, **environment):
    """Load a script; what `env` finds is given."""
    path = folder / "script.py"
    path.write_text("from surgeline import *\n" + textwrap.dedent(text))
    return load_script(path, environment)


def one_scenario(executor="constant_vus(vus=1, duration='1m')", options="", body="pass"):
    return ONE.format(executor=executor, options=options, body=body)
