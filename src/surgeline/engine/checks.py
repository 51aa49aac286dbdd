"""`check`: named conditions on what came back; each is a sample of the `checks` metric."""

from collections.abc import Callable, Mapping
from typing import Any

from surgeline.engine.context import current_vu


def check(
    subject: Any, conditions: Mapping[str, bool | Callable[[Any], Any]], tags: Mapping[str, str] | None = None
) -> bool:
    """Count each condition as passed or failed, and return whether all passed.

    A condition is a truth value or a function of `subject`. A function that raises counts as failed. Checks do not
    change the exit code; a threshold on `checks` does. Raises RuntimeError outside of a scenario.
    """
    user = current_vu.get(None)
    if user is None:
        raise RuntimeError("check() belongs in a scenario function: no virtual user is running here")
    cells = user.run.check_cells
    all_passed = True
    for name, condition in conditions.items():
        passed = _holds(condition, subject) if callable(condition) else bool(condition)
        cell = cells.get(name) if tags is None else None
        if cell is None:
            cell = user.run.check_cell(name, tags)
        cell.add(passed)
        all_passed = all_passed and passed
    return all_passed


def _holds(condition: Callable[[Any], Any], subject: Any) -> bool:
    try:
        return bool(condition(subject))
    except Exception:  # noqa: BLE001 - a response that is not what the condition expects has failed the check
        return False


