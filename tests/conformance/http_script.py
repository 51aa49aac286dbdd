"""What both tools do to a scripted server: cases, each with its answers and the steps of an iteration, and its scripts.

A case is a scenario of its own in one script for each tool. In steps and headers `{here}` is where the case's answers
are, `{there}` the same by another name of the host, `{elsewhere}` by another port, `{secure}` by TLS; `{address}` is
`{here}` without the scheme, `{port}` its port, `{path}` the path of all of these. `{misnamed}` has a certificate for
another host, and at `{closed}` nobody listens. What a script sees it tells as samples of the counter `told`, so that
both tools write it to the same file as their samples of requests.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_K6 = """\
import http from 'k6/http';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const told = new Counter('told');
let number = 0;

function tell(response, ...more) {
  say(response.status, response.url, response.body === null ? '' : response.body, ...more);
}

function say(...what) {
  number += 1;
  told.add(number, { said: JSON.stringify(what) });
}

"""
_OURS = """\
from itertools import count
from json import dumps

from surgeline import *

told = Counter('told')
numbers = count(1)


def tell(response, *more):
    say(response.status, response.url, response.text, *more)


def say(*what):
    told.add(next(numbers), {'said': dumps(what)})


"""


@dataclass(frozen=True)
class Step:
    """One thing that an iteration does, in JavaScript for k6 and in Python for us."""

    k6: str
    ours: str


@dataclass(frozen=True)
class Case:
    """What a virtual user does, and what the server answers by path; 200 with "hello" where nothing is said."""

    name: str
    steps: tuple[Step, ...]
    answers: Mapping[str, Any] = field(default_factory=dict)
    iterations: int = 1
    vus: int = 1

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Options:
    """The options of a run, as each tool writes them."""

    k6: Mapping[str, Any] = field(default_factory=dict)
    ours: str = ""
    """Arguments of `http_options`."""
    insecure: bool = False
    """Any certificate will do."""
    trusts_server: bool = False
    """The server's authority is known, of a file `ca.pem` beside the script."""


def case(name, *steps, answers=None, **more):
    """Return a case."""
    return Case(name, steps, answers or {}, **more)


def asks(method, url, body=None, *, name=None, tell=(), **options):
    """Return the step of one request, whose response is told.

    `options` are those that both have under the same name: headers, cookies, redirects, timeout. `tell` is what to
    tell beside status, URL and body, of what both call the same.
    """
    url = "{here}" + url if url.startswith("/") else url
    theirs = dict(options) | ({"tags": {"name": name}} if name else {})
    ours = dict(options) | ({"name": name} if name else {}) | ({"data": body} if body is not None else {})
    more = "".join(f", r.{one}" for one in tell)
    return Step(
        f"{{ const r = http.request('{method}', '{url}', {json.dumps(body)}, {json.dumps(theirs)}); tell(r{more}); }}",
        f"r = await vu.http.request('{method}', '{url}', **{ours!r}); tell(r{more})",
    )


def k6_script(cases, options, places):
    """Return the script for k6; `places` gives what each placeholder is for a case."""
    scenarios = {
        one.name: {"executor": "per-vu-iterations", "exec": one.name, "vus": one.vus, "iterations": one.iterations}
        for one in cases
    }
    head = {"scenarios": scenarios, "insecureSkipTLSVerify": options.insecure, **options.k6}
    functions = [
        f"export function {one.name}() {{\n" + "".join(f"  {step.k6}\n" for step in one.steps) + "}\n" for one in cases
    ]
    placed = [placed_in(text, places(one)) for text, one in zip(functions, cases, strict=True)]
    return _K6 + f"export const options = {json.dumps(head, indent=2)};\n" + "".join(placed)


def our_script(cases, options, places):
    """Return the script for us."""
    functions = [
        f"@scenario(per_vu_iterations(vus={one.vus}, iterations={one.iterations}))\nasync def {one.name}(vu):\n"
        + "".join(f"    {line}\n" for step in one.steps for line in step.ours.splitlines())
        for one in cases
    ]
    placed = [placed_in(text, places(one)) for text, one in zip(functions, cases, strict=True)]
    return _OURS + f"http_options({options.ours})\n\n\n" + "\n\n".join(placed)


def placed_in(text, places):
    """Return a text with its placeholders replaced."""
    for name, value in places.items():
        text = text.replace("{" + name + "}", value)
    return text
