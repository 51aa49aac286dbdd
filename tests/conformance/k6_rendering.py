"""A plan as a script for k6."""

import json

from plan_language import (
    NUMBER,
    TREND_STATS,
    Abort,
    Add,
    Check,
    Every,
    Fail,
    Get,
    GetPathOfSetup,
    Group,
    Raise,
    Sleep,
    Tag,
)

_HEAD = """\
import http from 'k6/http';
import exec from 'k6/execution';
import { check, fail, group, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

"""
_TAIL = """
export function handleSummary(data) { return { [__ENV.SUMMARY]: JSON.stringify(data) }; }
"""


def k6_script(plan, url):
    """Return the script; it writes the data of `handleSummary` to the file that `SUMMARY` names."""
    parts = [f"const m_{name} = new {kind}('{name}');" for name, kind in plan.metrics.items()]
    parts.append(f"export const options = {json.dumps(_options(plan), indent=2)};")
    if plan.setup or plan.setup_path:
        returned = f"  return {{ path: '{plan.setup_path}' }};\n" if plan.setup_path else ""
        parts.append(f"export function setup() {{\n{_steps(plan.setup, url)}{returned}}}")
    if plan.teardown:
        parts.append(f"export function teardown(data) {{\n{_steps(plan.teardown, url)}}}")
    parts += [f"export function {one.name}(data) {{\n{_steps(one.body, url)}}}" for one in plan.scenarios]
    return _HEAD + "\n".join(parts) + _TAIL


def _options(plan):
    return {
        "scenarios": {one.name: _scenario(one) for one in plan.scenarios},
        "thresholds": {selector: [_threshold(one) for one in all_] for selector, all_ in plan.thresholds.items()},
        "summaryTrendStats": TREND_STATS,
    }


def _scenario(scenario):
    options = {_camel(name): value for name, value in scenario.options.items()}
    if "stages" in options:
        options["stages"] = [{"duration": duration, "target": target} for duration, target in options["stages"]]
    return {"executor": scenario.executor, "exec": scenario.name, **options}


def _threshold(declared):
    return declared if isinstance(declared, str) else {_camel(name): value for name, value in declared.items()}


def _camel(name):
    first, *more = name.split("_")
    return first + "".join("VUs" if word == "vus" else word.title() for word in more)


def _steps(steps, url):
    return "".join(f"  {_WORDS[type(step)](step, url)}\n" for step in steps)


def _every(nth):
    return f"exec.scenario.iterationInTest % {nth} === 0" if nth else "false"


def _value(value):
    return "exec.scenario.iterationInTest" if value is NUMBER else json.dumps(value)


_WORDS = {
    Get: lambda get, url: f"http.get('{url}{get.path}', {json.dumps({'tags': dict(get.tags)})});",
    GetPathOfSetup: lambda _, url: f"http.get('{url}' + data.path);",
    Sleep: lambda sleep, _: f"sleep({sleep.seconds});",
    Check: lambda check, _: f"check(null, {{ {json.dumps(check.name)}: () => {_every(check.every)} }});",
    Add: lambda add, _: f"m_{add.metric}.add({_value(add.value)}, {json.dumps(dict(add.tags))});",
    Tag: lambda tag, _: f"exec.vu.metrics.tags['{tag.name}'] = '{tag.value}';",
    Fail: lambda *_: "fail('as planned');",
    Abort: lambda *_: "exec.test.abort('as planned');",
    Raise: lambda *_: "throw new Error('as planned');",
    Group: lambda group, url: f"group({json.dumps(group.name)}, () => {{\n{_steps(group.body, url)}}});",
    Every: lambda every, url: f"if ({_every(every.nth)}) {{\n{_steps(every.body, url)}}}",
}
