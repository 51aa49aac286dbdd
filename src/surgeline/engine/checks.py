"""`check`: named conditions on what came back; each is a sample of the `checks` metric."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from surgeline._native.cells import RateCell
from surgeline.metrics import names
from surgeline.metrics.registry import Registry


class Checks:
    """The cells of the checks that share these tags: those of a scenario, of set-up or of tear-down."""

    def __init__(self, registry: Registry, tags: Mapping[str, str]) -> None:
        self._registry = registry
        self._tags = tags
        self._cells: dict[str, RateCell] = {}

    def cell(self, name: str, tags: Mapping[str, str] | None) -> RateCell:
        """Return the cell of a check; without tags of its own it is found by its name alone."""
        cell = self._cells.get(name) if not tags else None
        if cell is None:
            cell = self._registry.cell(names.CHECKS, {**self._tags, **(tags or {}), "check": name})
            if not tags:
                self._cells[name] = cell
        return cell


current_checks: ContextVar[Checks] = ContextVar("current_checks")
"""Those of the task that runs, so that `check` need not be told where it is called."""


def check(
    subject: Any, conditions: Mapping[str, bool | Callable[[Any], Any]], tags: Mapping[str, str] | None = None
) -> bool:
    """Count each condition as passed or failed, and return whether all passed.

    A condition is a truth value or a function of `subject`. A function that raises counts as failed. Checks do not
    change the exit code; a threshold on `checks` does. Raises RuntimeError where no virtual user is running.
    """
    checks = current_checks.get(None)
    if checks is None:
        raise RuntimeError("check() belongs in a scenario, set-up or tear-down: no virtual user is running here")
    if not isinstance(conditions, dict | Mapping):
        raise TypeError(f'check: expected a mapping such as {{"is ok": response.ok}}, found {conditions!r}')
    all_passed = True
    for name, condition in conditions.items():
        passed = _holds(condition, subject) if callable(condition) else bool(condition)
        checks.cell(name, tags).add(passed)
        all_passed = all_passed and passed
    return all_passed


def _holds(condition: Callable[[Any], Any], subject: Any) -> bool:
    try:
        return bool(condition(subject))
    except Exception:
        return False
