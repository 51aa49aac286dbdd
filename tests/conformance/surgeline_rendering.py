"""A plan as a script for surgeline."""

from plan_language import NUMBER, Abort, Add, Check, Every, Fail, Get, GetPathOfSetup, Group, Raise, Sleep, Tag

_HEAD = "from surgeline import *\n\n"


def surgeline_script(plan, url):
    """Return the script."""
    parts = [f"m_{name} = {kind}('{name}')" for name, kind in plan.metrics.items()]
    parts.append(f"thresholds({dict(plan.thresholds)!r})")
    if plan.setup or plan.setup_path:
        returned = f"    return {{'path': '{plan.setup_path}'}}\n" if plan.setup_path else ""
        parts.append(f"@setup\nasync def prepare(vu):\n{_steps(plan.setup, url)}{returned}")
    if plan.teardown:
        parts.append(f"@teardown\nasync def clean(vu):\n{_steps(plan.teardown, url)}")
    parts += [_scenario(one, url) for one in plan.scenarios]
    return _HEAD + "\n\n".join(parts)


_OF_SCENARIO = ("start_time", "graceful_stop", "tags")
"""What is an option of `scenario` here; in k6 all options stand together."""


def _scenario(scenario, url):
    of_scenario = _arguments({name: value for name, value in scenario.options.items() if name in _OF_SCENARIO})
    own = _arguments({name: value for name, value in scenario.options.items() if name not in _OF_SCENARIO})
    executor = f"{scenario.executor.replace('-', '_')}({own})"
    body = _steps(scenario.body, url) or "    pass\n"
    return f"@scenario({executor}, {of_scenario})\nasync def {scenario.name}(vu):\n{body}"


def _arguments(options):
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def _steps(steps, url, indent=4):
    return "".join(f"{' ' * indent}{_WORDS[type(step)](step, url, indent)}\n" for step in steps)


def _every(nth):
    return f"vu.scenario_iteration % {nth} == 0" if nth else "False"


def _value(value):
    return "vu.scenario_iteration" if value is NUMBER else repr(value)


_WORDS = {
    Get: lambda get, url, _: f"await vu.http.get({url + get.path!r}, tags={dict(get.tags)!r})",
    GetPathOfSetup: lambda _, url, __: f"await vu.http.get({url!r} + vu.data['path'])",
    Sleep: lambda sleep, *_: f"await vu.sleep({sleep.seconds})",
    Check: lambda check, *_: f"check(None, {{{check.name!r}: {_every(check.every)}}})",
    Add: lambda add, *_: f"m_{add.metric}.add({_value(add.value)}, {dict(add.tags)!r})",
    Tag: lambda tag, *_: f"vu.tags[{tag.name!r}] = {tag.value!r}",
    Fail: lambda *_: "fail('as planned')",
    Abort: lambda *_: "abort('as planned')",
    Raise: lambda *_: "raise RuntimeError('as planned')",
    Group: lambda group, url, indent: f"with vu.group({group.name!r}):\n{_steps(group.body, url, indent + 4)}",
    Every: lambda every, url, indent: f"if {_every(every.nth)}:\n{_steps(every.body, url, indent + 4)}",
}
