"""Where a plan's requests go, as far as it can be known before it is carried out.

Pure. A base URL says so, and so do what `env` returned and the URLs that stand in the script's calls of `vu.http`. What
is put together while the load runs is not known.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from surgeline.protocols.http.url import Target, parse_url
from surgeline.script.plan import TestPlan

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "stream", "request"})
_BEGINS_LIKE_A_URL = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, a host and a port, and the first of the URLs that name it."""

    target: Target
    named_by: str
    """Who names it, as a person would say."""

    @property
    def url(self) -> str:
        """Without a path."""
        return f"{self.target.scheme}://{self.target.authority}"

    def __str__(self) -> str:
        return f"{self.url} ({self.named_by})"


def origins_of(plan: TestPlan) -> list[Origin]:
    """Return the origins that a plan names, each once, in the order of scenarios, `env` and the script's lines."""
    found: dict[tuple[str, str, int], Origin] = {}
    for url, named_by in _named(plan):
        try:
            target = parse_url(url)
        except ValueError:  # the request itself will say so, or it is part of a longer one
            continue
        found.setdefault((target.scheme, target.host, target.port), Origin(target, named_by))
    return list(found.values())


def _named(plan: TestPlan) -> Iterator[tuple[str, str]]:
    for scenario in plan.scenarios:
        if scenario.base_url is not None:
            yield scenario.base_url, f"base URL of {scenario.name}"
    for one in plan.env_values:
        if isinstance(one.value, str) and _BEGINS_LIKE_A_URL.match(one.value):
            yield one.value, f"env {one.name}"
    yield from _in_calls(plan.text)


def _in_calls(text: str) -> Iterator[tuple[str, str]]:
    """Return what stands in `vu.http.get("https://...")`, and where."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # there is no script, or it is not in the encoding that its text was read with
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="http"), attr=method), args=args) if (
                method in _METHODS
            ):
                urls = (_beginning(argument) for argument in args[:2])
                yield from ((url, f"line {node.lineno}") for url in urls if _BEGINS_LIKE_A_URL.match(url))


def _beginning(argument: ast.expr) -> str:
    """Return a text, or of one with gaps what stands before the first, where that ends after the origin."""
    match argument:
        case ast.Constant(value=str(url)):
            return url
        case ast.JoinedStr(values=[ast.Constant(value=str(url)), *_]) if re.match(r"https?://[^/?#]+[/?#]", url):
            return url
    return ""
