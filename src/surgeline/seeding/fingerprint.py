"""What the values of a declaration depend on, as text: its own, and the source of the user's functions.

Must not know any table, nor any generator.
"""

import ast
import inspect
import json
import linecache
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from types import CodeType, FunctionType
from typing import Any, get_args
from uuid import UUID

import msgspec

from surgeline.engine.frames import is_users_own
from surgeline.errors import OptionError

_PLAIN = bytes | datetime | date | Decimal | UUID
"""What is written with its type, for JSON has only texts for it."""


class Versioned:
    """What has values that the user's functions may use, and a version that says what these depend on."""

    @property
    def version(self) -> str:
        """Other text for other values."""
        raise NotImplementedError


def fingerprint(value: Any) -> str:
    """Return 12 hexadecimal digits that change with a struct of generators, and with the functions in it.

    Of a function they change with its source, and with the plain values, tables and other functions of the user's that
    it names; not with what objects and modules hold. Raises OptionError when they cannot be told.
    """
    try:
        plain = msgspec.to_builtins(value, builtin_types=get_args(_PLAIN), enc_hook=_of_other)
    except RecursionError:
        raise OptionError(
            "computed: expected a function that uses other tables and its row, found one that uses its own table, or "
            'values that contain themselves; write row["column"] for the other columns of its row'
        ) from None
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), default=_of_plain)
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _of_plain(value: Any) -> Any:
    return {type(value).__name__: str(value)}


def _of_other(value: Any) -> Any:
    return _of_function(value, set()) if isinstance(value, FunctionType) else repr(value)


def _of_function(function: FunctionType, seen: set[str]) -> list[Any]:
    """Return the source of a function, and the values and functions of the user's that it names."""
    text = source_of(function)
    if text in seen:
        return []
    seen.add(text)
    used = {name: _used(value, seen) for name, value in sorted(_named(function).items())}
    return [text, {name: one for name, one in used.items() if one is not None}]


def _named(function: FunctionType) -> dict[str, Any]:
    """Return what a function's names mean outside of it: parameters' defaults, enclosing variables, globals."""
    outer = inspect.getclosurevars(function).nonlocals
    names = {name: function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__}
    return {**names, **outer, "": [function.__defaults__, function.__kwdefaults__]}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _used(value: Any, seen: set[str]) -> Any:
    """Return what a value that a function uses is made of; None for what cannot be told: modules, classes, objects."""
    if isinstance(value, FunctionType) and is_users_own(value.__code__.co_filename):
        return _of_function(value, seen)
    if isinstance(value, str | int | float | _PLAIN):
        return _of_plain(value)
    if isinstance(value, dict):
        return [[_used(key, seen), _used(one, seen)] for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [_used(one, seen) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_used(one, seen)) for one in value)
    return value.version if isinstance(value, Versioned) else None


def source_of(function: FunctionType) -> str:
    """Return the source of a function, and of nothing else that stands on its lines.

    Raises OptionError where it cannot be read.
    """
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    found = [node for node in _functions(text) if _first_line(node) == code.co_firstlineno]
    exact = [node for node in found if _body(node) in set(code.co_positions())]
    if not found:
        raise OptionError(
            f"computed: expected a function in a file, for its source is a part of its table's version; found none of "
            f"{function.__qualname__} in {code.co_filename}"
        )
    return ast.get_source_segment(text, (exact or found)[0]) or ""


_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@lru_cache(maxsize=8)
def _functions(text: str) -> list[_Function]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, _Function)]


def _first_line(node: _Function) -> int:
    """Return the line where the compiler has a function begin: that of its first decorator."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min(one.lineno for one in (node, *decorators))


def _body(node: _Function) -> tuple[int | None, ...]:
    """Return where the body of a lambda stands, by which several on one line are told from each other."""
    body = node.body if isinstance(node.body, ast.AST) else node.body[0]
    return body.lineno, body.end_lineno, body.col_offset, body.end_col_offset
