"""What a sample is tagged with where it is taken: the scenario's tags, the virtual user's own, and the group.

A scope is interned, so that all virtual users in the same place share its cells. Which one holds is kept with the
task: what a script starts inside of a group, tasks that run side by side among it, samples into that group. Knows no
protocol; a protocol keeps what it needs for a scope in `clients`.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from surgeline._native.poller import now_ns
from surgeline.metrics import names
from surgeline.metrics.names import Metric
from surgeline.metrics.registry import Registry
from surgeline.metrics.tags import PLACE_TAGS, REQUEST_TAGS, refuse_reserved

_SEPARATOR = "::"
MOST_SCOPES = 1_000
"""How many of a family are kept: a tag that is set to an id would else take all memory."""
MOST_CELLS = 1_000
"""How many of a scope are kept: names of checks may have no end either."""
OwnTags = tuple[tuple[str, str], ...]


class Scope:
    """The tags of samples, and the cells that were asked for with them."""

    __slots__ = ("__weakref__", "_cells", "_family", "_root", "clients", "group", "own", "registry", "tags")

    def __init__(
        self,
        registry: Registry,
        tags: Mapping[str, str],
        group: str = "",
        own: OwnTags = (),
        root: "Scope | None" = None,
    ) -> None:
        """`tags` are those of the whole family; `group` is a path such as `::login::form`."""
        self.registry = registry
        self.group = group
        self.own = own
        self.tags = {**tags, **({"group": group} if group else {}), **dict(own)}
        self.clients: dict[str, Any] = {}
        self._cells: dict[tuple[str, str], Any] = {}
        self._root = self if root is None else root
        self._family: OrderedDict[tuple[str, OwnTags], Scope] = OrderedDict() if root is None else root._family

    def cell(self, metric: Metric, tags: Mapping[str, str] | None = None, check: str = "") -> Any:
        """Return the cell of a metric; without tags of its own it is found by the metric and the check alone.

        Raises ValueError for a tag that is reserved.
        """
        cell = None if tags else self._cells.get((metric.name, check))
        if cell is None:
            refuse_reserved(tags or (), PLACE_TAGS)
            named = {"check": check} if check else {}
            cell = self.registry.cell(metric, {**self.tags, **_as_texts(tags), **named})
            if not tags:
                if len(self._cells) >= MOST_CELLS:
                    self._cells.clear()
                self._cells[metric.name, check] = cell
        return cell

    def with_group(self, group: str) -> "Scope":
        """Return the scope of another group, a whole path, with the same tags."""
        return self._relative(group, self.own)

    def with_own(self, own: Mapping[str, str]) -> "Scope":
        """Return the scope of other tags in the same group."""
        return self._relative(self.group, tuple(sorted(_as_texts(own).items())))

    def _relative(self, group: str, own: OwnTags) -> "Scope":
        if not group and not own:
            return self._root
        found = self._family.get((group, own))
        if found is None:
            if len(self._family) >= MOST_SCOPES:
                self._family.popitem(last=False)
            found = self._family[group, own] = Scope(self.registry, self._root.tags, group, own, self._root)
        return found


current_scope: ContextVar[Scope | None] = ContextVar("current_scope", default=None)
"""That of the task that runs, so that `check` and metrics need not be told where they are called."""


def scope_here(what: str) -> Scope:
    """Return the current scope. Raises RuntimeError, naming `what` was called, where no virtual user is running."""
    scope = current_scope.get()
    if scope is None:
        raise RuntimeError(f"{what} belongs in a scenario, set-up or tear-down: no virtual user is running here")
    return scope


@contextmanager
def group(name: str, tags: Mapping[str, str] | None = None) -> Iterator[None]:
    """Let samples be tagged with the group until the block ends, and record how long it took.

    Raises ValueError for a name that is none, and for a tag that is reserved.
    """
    if not isinstance(name, str) or not name or _SEPARATOR in name:
        raise ValueError(f"group: expected a name without {_SEPARATOR!r}, found {name!r}")
    outer = scope_here("vu.group()")
    inner = outer.with_group(outer.group + _SEPARATOR + name)
    if tags:
        refuse_reserved(tags, REQUEST_TAGS, "group: tags")
        inner = inner.with_own({**dict(outer.own), **tags})
    current_scope.set(inner)
    started = now_ns()
    try:
        yield
        inner.cell(names.GROUP_DURATION).record(now_ns() - started)
    except Exception:
        inner.cell(names.GROUP_DURATION).record(now_ns() - started)
        raise
    finally:
        _leave(inner, outer)


def _leave(inner: Scope, outer: Scope) -> None:
    """Go back to the group outside; tags that were set inside for the user stay, those of the group go."""
    now = current_scope.get()
    if now is None or now.own == inner.own:
        current_scope.set(outer)
        return
    was, is_now = dict(inner.own), dict(now.own)
    changed = {tag: value for tag, value in is_now.items() if was.get(tag) != value}
    kept = {tag: value for tag, value in outer.own if tag in is_now or tag not in was}
    current_scope.set(outer.with_own({**kept, **changed}))


class UserTags(MutableMapping[str, str]):
    """The tags of one virtual user, on top of the scenario's: what is set here is on every later sample."""

    def __getitem__(self, tag: str) -> str:
        return scope_here("vu.tags").tags[tag]

    def __setitem__(self, tag: str, value: str) -> None:
        scope = scope_here("vu.tags")
        refuse_reserved((tag,), REQUEST_TAGS, "vu.tags")
        current_scope.set(scope.with_own({**dict(scope.own), tag: value}))

    def __delitem__(self, tag: str) -> None:
        scope = scope_here("vu.tags")
        own = dict(scope.own)
        del own[tag]
        current_scope.set(scope.with_own(own))

    def clear(self) -> None:
        """Take all of the user's own tags away; those of the scenario stay."""
        current_scope.set(scope_here("vu.tags").with_own({}))

    def __iter__(self) -> Iterator[str]:
        return iter(scope_here("vu.tags").tags)

    def __len__(self) -> int:
        return len(scope_here("vu.tags").tags)


def _as_texts(tags: Mapping[str, str] | None) -> dict[str, str]:
    return {str(tag): str(value) for tag, value in tags.items()} if tags else {}
