"""How a worker makes the plan that the coordinator has: module-level functions, to be given as `functools.partial`."""

from collections.abc import Mapping
from pathlib import Path

from surgeline.script.load import load_script
from surgeline.script.plan import Overrides, TestPlan, apply_overrides


def script_plan(
    path: Path, environment: Mapping[str, str], stored: Mapping[str, str], overrides: Overrides
) -> TestPlan:
    """Return the plan of a script with the options of a run over it; parameters as for `load_script`.

    Raises ScriptError and OptionError.
    """
    return apply_overrides(load_script(path, environment, stored), overrides)
