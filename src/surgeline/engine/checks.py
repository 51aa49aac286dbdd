"""`check`: named conditions on what came back; each is a sample of the `checks` metric."""

from collections.abc import Callable, Mapping
from typing import Any

from surgeline.engine.scope import scope_here
from surgeline.metrics import names


def check(
    subject: Any, conditions: Mapping[str, bool | Callable[[Any], Any]], tags: Mapping[str, str] | None = None
) -> bool:
    """Count each condition as passed or failed, and return whether all passed.

    A condition is a truth value or a function of `subject`. A function that raises counts as failed. Checks do not
    change the exit code; a threshold on `checks` does. Raises RuntimeError where no virtual user is running, ValueError
    for a tag that is reserved.
    """
    scope = scope_here("check()")
    if not isinstance(conditions, dict | Mapping):
        raise TypeError(f'check: expected a mapping such as {{"is ok": response.ok}}, found {conditions!r}')
    all_passed = True
    for name, condition in conditions.items():
        passed = _holds(condition, subject) if callable(condition) else bool(condition)
        scope.cell(names.CHECKS, tags, name).add(passed)
        all_passed = all_passed and passed
    return all_passed


def _holds(condition: Callable[[Any], Any], subject: Any) -> bool:
    try:
        return bool(condition(subject))
    except Exception:
        return False
