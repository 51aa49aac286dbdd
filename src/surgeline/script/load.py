"""Loads a script: a file in, a `TestPlan` out. Whatever is wrong with it is one message with its file and line."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from surgeline.engine.scenario import Scenario
from surgeline.errors import ScriptError, ThresholdError
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.plan_checks import check_flows, check_selectors
from surgeline.metrics.names import BUILTIN
from surgeline.protocols.http.options import HttpOptions
from surgeline.script.collection import Collection
from surgeline.script.execute import execute, open_collection
from surgeline.script.plan import TestPlan


def load_script(
    path: Path, environment: Mapping[str, str] | None = None, stored: Mapping[str, str] | None = None
) -> TestPlan:
    """Return the plan of a script. `environment` is laid over the process's for `env`, and `stored` lies under it.

    Raises ScriptError when the script cannot be read, run, or turned into a plan.
    """
    collection = open_collection(path, environment or {}, stored or {})
    source = execute(path, collection).source
    if not collection.scenarios:
        raise ScriptError(
            'expected at least one scenario, found none; put @scenario(constant_vus(vus=1, duration="10s")) over an '
            "async function",
            str(path),
        )
    try:
        thresholds = parse_thresholds(collection.thresholds, {**BUILTIN, **collection.metrics})
        check_selectors(thresholds, [scenario.name for scenario in collection.scenarios])
        check_flows(thresholds, [flow.name for flow in collection.flows])
    except ThresholdError as error:
        raise ScriptError(str(error), str(path), _line_of(path, "thresholds(")) from None
    return TestPlan(
        title=str(path),
        scenarios=_with_hooks(path, collection),
        thresholds=thresholds,
        setup=collection.hooks.get(("setup", None)),
        teardown=collection.hooks.get(("teardown", None)),
        summary=collection.hooks.get(("summary", None)),
        metrics=tuple(collection.metrics.values()),
        flows=tuple(collection.flows),
        path=path,
        text=source.decode("utf-8", "replace"),
        environment=collection.environment,
        env_values=tuple(collection.env_values),
        options=collection.options,
        http=collection.http or HttpOptions(),
        pools=tuple(collection.pools),
    )


def _with_hooks(path: Path, collection: Collection) -> tuple[Scenario, ...]:
    """Return the scenarios with what is to be called around them. Raises ScriptError for a hook of no scenario."""
    hooks = collection.hooks
    known = [scenario.name for scenario in collection.scenarios]
    for kind, name in hooks:
        if name is not None and name not in known:
            message = f"@{kind}(scenario=...): expected one of {', '.join(known)}, found {name!r}"
            raise ScriptError(message, str(path), _line_of(path, f"@{kind}("))
    return tuple(
        replace(
            scenario,
            setup=hooks.get(("setup", scenario.name)),
            teardown=hooks.get(("teardown", scenario.name)),
            vu_start=hooks.get(("vu_start", scenario.name), hooks.get(("vu_start", None))),
            vu_stop=hooks.get(("vu_stop", scenario.name), hooks.get(("vu_stop", None))),
        )
        for scenario in collection.scenarios
    )


def _line_of(path: Path, text: str) -> int | None:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if text in line and not line.lstrip().startswith("#"):
            return number
    return None
