"""Shows what seeding found and did, as plain tables. Pure."""

from collections.abc import Sequence

from surgeline.report.table import plain_table
from surgeline.seeding.apply import Change
from surgeline.seeding.clean import Cleaned
from surgeline.seeding.database import Target
from surgeline.seeding.plan import Plan
from surgeline.seeding.reset import ResetDone
from surgeline.seeding.status import TableStatus
from surgeline.seeding.verify import Verified

_CHANGES = ("TABLE", "rows", "make", "change", "delete", "keep", "of others", "version")
_DONE = ("TABLE", "rows", "made", "changed", "deleted", "kept", "of others", "version")

_STATUS = ("state", "version", "applied", "found")


def render_plan(found: Plan, target: Target) -> str:
    """Return what would be done."""
    lines = [_where(target), "", *plain_table(_CHANGES, [_cells(one) for one in found.changes])]
    lines += [f"{name}: written by the test, {rows:,} rows now" for name, rows in found.written.items()]
    lines += [f"Note: {remark}" for remark in found.remarks]
    if not any(one.made or one.changed or one.deleted for one in found.changes):
        return "\n".join([*lines, "", "Nothing to do."])
    order = ", ".join(one.table for one in found.changes)
    return "\n".join([*lines, "", f"In this order: {order}. About {max(found.seconds, 0.1):.1f} s."])


def render_changes(changes: Sequence[Change], target: Target) -> str:
    """Return what was done."""
    if not changes:
        return f"{_where(target)}\n\nNo rows are declared; tables of written(...) are left to the test."
    return "\n".join([_where(target), "", *plain_table(_DONE, [_cells(one) for one in changes])])


def render_status(found: Sequence[TableStatus], target: Target) -> str:
    """Return how each table stands."""
    rows = [(one.table, one.state.value, one.version, one.applied_at or "", one.message) for one in found]
    return "\n".join([_where(target), "", *plain_table(("TABLE", *_STATUS), rows, left=_STATUS)])


def render_verified(found: Verified, target: Target) -> str:
    """Return what differs."""
    lines = [_where(target), ""]
    for name, rows in found.tables.items():
        wrong = [one for one in found.differences if one.table == name]
        lines.append(f"{name}: {rows:,} rows, " + ("each as declared" if not wrong else "not as declared:"))
        for one in wrong:
            lines.append(f"  {one.rows:,} {one.kind.value}, such as")
            lines += [f"    {example}" for example in one.examples]
    return "\n".join([*lines, *(f"Note: {remark}" for remark in found.remarks)])


def render_reset(done: ResetDone, target: Target) -> str:
    """Return what was put back."""
    rows = [(one.table, *map(_number, (one.deleted, one.made, one.changed, one.left))) for one in done.tables]
    lines = [_where(target), "", *plain_table(("TABLE", "deleted", "made", "changed", "of others"), rows)]
    return "\n".join([*lines, *(f"Not reset: {reason}" for reason in done.not_reset)])


def render_cleaned(cleaned: Sequence[Cleaned], target: Target) -> str:
    """Return what was taken out."""
    if not cleaned:
        return f"{_where(target)}\n\nNothing of this declaration was there."
    rows = [(one.table, _number(one.deleted), _number(one.left)) for one in cleaned]
    return "\n".join([_where(target), "", *plain_table(("TABLE", "deleted", "of others"), rows)])


def _cells(one: Change) -> tuple[str, ...]:
    numbers = (one.rows, one.made, one.changed, one.deleted, one.kept, one.others)
    return (one.table, *map(_number, numbers), one.version)


def _where(target: Target) -> str:
    return f"{target.kind} {target.version} at {target.host}, database {target.database}"


def _number(value: int) -> str:
    return f"{value:,}"
