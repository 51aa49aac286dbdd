"""Are there as many values as scenarios draw with `unique()`? From the text of their functions.

Counted is only what every iteration draws for sure: not what hangs on a condition, nor what other functions draw.
"""

import ast
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from textwrap import dedent
from typing import Any

from surgeline.data.drawing import Pool
from surgeline.report.doctor import Finding, Level
from surgeline.script.plan import TestPlan

CHECK = "pools"
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
_MAY_NOT_RUN = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def draw_findings(plan: TestPlan) -> list[Finding]:
    """Return a warning for each pool that is used up before the planned iterations are over."""
    names: dict[int, tuple[str, Pool[Any]]] = {}
    draws: Counter[int] = Counter()
    for scenario in plan.scenarios:
        for name, pool in unique_draws(scenario.function):
            names[id(pool)] = name, pool
            draws[id(pool)] += scenario.executor.planned_iterations or 0
    return [_used_up(*names[one], count) for one, count in draws.items() if count > len(names[one][1])]


def _used_up(name: str, pool: Pool[Any], count: int) -> Finding:
    message = f"{name}: the planned iterations draw {count:,} values with unique(), and there are {len(pool):,}"
    return Finding(Level.WARNING, CHECK, message, "make the pool larger, or draw with random() or cycle()")


def unique_draws(function: Callable[..., Any]) -> Iterator[tuple[str, Pool[Any]]]:
    """Yield name and pool of each `NAME.unique(...)` that every call of a function comes to."""
    function = inspect.unwrap(function)
    try:
        (defined,) = ast.parse(dedent(inspect.getsource(function))).body
    except (OSError, TypeError, ValueError, SyntaxError):  # it is in no file, or is none of its own there
        return
    if not isinstance(defined, ast.AsyncFunctionDef | ast.FunctionDef):
        return
    for name in _names(defined.body):
        pool = function.__globals__.get(name)
        if isinstance(pool, Pool) and name not in function.__code__.co_varnames:
            yield name, pool


def _names(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield what `unique` is called of, up to where a function may have returned."""
    for statement in statements:
        if isinstance(statement, _SIMPLE):
            yield from _called(statement)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                yield from _called(item)
            yield from _names(statement.body)
        if any(isinstance(one, ast.Return | ast.Raise) for one in ast.walk(statement)):
            return


def _called(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="unique")):
            yield name
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _MAY_NOT_RUN):
            yield from _called(child)
