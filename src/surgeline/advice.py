"""What to do about what went wrong in a run: from what databases said, and the pools that the script drew from.

Pure. Must not know how it was found out, nor how advice is shown.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from surgeline.data.drawing import Pool
from surgeline.data.sources import FileSource, IdsSource, TableSource
from surgeline.engine.missing_parents import MissingParent
from surgeline.result import Advice
from surgeline.store.redact import REDACTED, is_secret

_MOST_VALUES = 100_000
"""Among which a key is looked for: a fraction of a second."""


def seed_command(table: Any = None) -> str:
    """Return what seeds a declared table, as it is typed; without one, FILE stands for where it is to be declared."""
    site = None if table is None else table.file
    return f"surgeline seed apply {'FILE' if site is None else shlex.quote(site.module)} --database URL"


def advise(parents: Sequence[MissingParent], pools: Sequence[Pool[Any]]) -> tuple[Advice, ...]:
    """Return advice on rows whose parents are not there: one for each table."""
    by_table: dict[str | None, list[MissingParent]] = {}
    for one in parents:
        by_table.setdefault(one.table, []).append(one)
    return tuple(_on_table(several, pools) for several in by_table.values())


def _on_table(parents: Sequence[MissingParent], pools: Sequence[Pool[Any]]) -> Advice:
    """What the script draws from says what to seed; else where the key comes from says what is missing."""
    first, said = parents[0], _said(parents)
    for pool in pools:
        if isinstance(pool.source, TableSource) and first.table in (None, pool.source.table.name.rpartition(".")[2]):
            return _on_pool(first, said, pool.source)
    origin = _origin(first.key, pools)
    if origin is not None:
        return Advice(
            f"{said} {origin} of the script makes that key, and nothing has put such a row there. Declare the table "
            "with these keys in a FILE, and seed it before the run.",
            seed_command(),
        )
    return Advice(
        f"{said} Declare the table in a FILE, seed it before the run, and let the script draw from pool.table.",
        seed_command(),
    )


def _on_pool(parent: MissingParent, said: str, source: TableSource) -> Advice:
    table = source.table
    declared = f"{table.name!r}, which {table.file} declares" if table.file else repr(table.name)
    if _is_foreign(parent.key, source):
        return Advice(
            f"{said} The script has a pool of {declared}, and that key is none of its rows': it comes from elsewhere. "
            "Draw it from the pool."
        )
    return Advice(
        f"{said} The script draws from a pool of {declared}: it is not seeded in the service's database, or not as it "
        "is declared now.",
        seed_command(table),
    )


def _said(parents: Sequence[MissingParent]) -> str:
    first = parents[0]
    more = f" and {len(parents) - 1} more" if len(parents) > 1 else ""
    table = "the table that they refer to" if first.table is None else f"table {first.table!r}"
    by = f" (as {first.columns})" if first.columns else ""
    key = "" if first.key is None else f": no row with the key {_shown(first)}{by}"
    return f"{first.where}{more}: the database refused rows whose parents are not in {table}{key}."


def _shown(parent: MissingParent) -> str:
    return REDACTED if parent.key is None or is_secret(parent.columns or "") else parent.key


def _is_foreign(key: str | None, source: TableSource) -> bool:
    """Is a key none of the table's? Of a large one, and of what is not a single value, that is not known."""
    table = source.table
    if key is None or len(table) > _MOST_VALUES or len(table.key) > 1:
        return False
    columns = dict.fromkeys((*table.key, *source.columns))
    rows = range(len(table))
    made = _is_made(key, (str(value) for name in columns for value in table.column(name).values(rows)))
    return made is False


def _origin(key: str | None, pools: Iterable[Pool[Any]]) -> str | None:
    """Return which pool makes a key, in words."""
    if key is None:
        return None
    for pool in pools:
        if _is_made(key, chain.from_iterable(map(_texts, islice(pool, _MOST_VALUES)))):
            return _named(pool)
    return None


def _is_made(key: str, texts: Iterable[str]) -> bool | None:
    """Is a key one of the texts? None where they cannot be made: advice must not cost the results of a run.

    Its file may have been changed since the script was loaded, and the script's own functions may raise anything.
    """
    try:
        return key in texts
    except Exception:
        return None


def _texts(value: Any) -> Iterable[str]:
    """Return a value as text, or those of a row."""
    return map(str, value.values()) if isinstance(value, Mapping) else (str(value),)


def _named(pool: Pool[Any]) -> str:
    match pool.source:
        case IdsSource(pattern, first, count):
            return f'pool.ids("{pattern}", first={first}, count={count})'
        case TableSource(table):
            return f"The pool of {table.name!r}"
        case FileSource(path):
            return f"The pool of {path}"
    return f"A pool of {len(pool):,} values"
