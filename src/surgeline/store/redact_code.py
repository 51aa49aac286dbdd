"""Takes secrets out of Python code: a script's text, and lines of it such as a traceback holds. Pure.

A secret is a literal that stands where a log-in does, or under a name that says so (see `redact`). What is computed,
`env("TOKEN")` say, stays as it is, and so do lines and layout. Knows nothing of what the code does.
"""

import ast
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from io import StringIO
from itertools import accumulate
from operator import itemgetter

from surgeline.store.redact import REDACTED, TELLING_NAME, is_secret, redact_urls

Span = tuple[int, int]
"""Where something begins and ends, in characters of the text."""
Named = tuple[str | None, ast.expr | None]
"""A value, and what it is called."""

_SECRET_ARGUMENT = {"BasicAuth": 1, "DigestAuth": 1, "BearerAuth": 0}
"""Which argument of a call is a secret, whatever it is called."""
_KEY = re.compile(r"[\w.\[\]-]+")
"""What a key looks like that names its value; others are conditions and paths."""
_SCHEME_ALONE = re.compile(r"(?:bearer|basic|digest|token|apikey)?\s*(?:%s|\{\w*\})?", re.IGNORECASE)
_LITERAL = re.compile(r"(?P<prefix>\w*)(?P<quote>\"\"\"|'''|\"|')(?P<text>.*)(?P=quote)", re.DOTALL)

_VALUE = r"(?P<quote>\\?[\"'])(?!(?:%s|\{\w*\})(?P=quote))(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n]))+)(?P=quote)"
_NAME = rf"(?<![\w.-])[\w.-]{{0,64}}(?:{TELLING_NAME})[\w.-]{{0,64}}"
_PREFIX = r"(?:[bru]{0,2}|f(?=\\?[\"'][^{\"'\\\n]*\\?[\"']))"
_USER = r"\w{0,2}\\?[\"'][^\"'\\\n]*\\?[\"']\s*,\s*"
_FRAGMENTS = tuple(
    re.compile(rf"(?P<name>{before}{_PREFIX}){_VALUE}", re.IGNORECASE)
    for before in (
        rf"{_NAME}(?:\\?[\"']\])?\s*=\s*",
        rf"\\?[\"']{_NAME}\\?[\"']\s*:\s*",
        rf"\(\s*\\?[\"']{_NAME}\\?[\"']\s*,\s*",
        rf"\b(?:BasicAuth|DigestAuth|auth\s*=\s*)\(\s*{_USER}",
        r"\bBearerAuth\(\s*",
    )
)
"""How it looks in code that is in pieces, in comments, and in texts that hold JSON."""


def redact_code(text: str) -> str:
    """Return code, or a text that quotes some, without secret literals and what URLs in it log in with."""
    try:
        edited = _redact_parsed(text)
    except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError, tokenize.TokenError):
        edited = _redact_fragments(text)
    return redact_urls(edited)


def _redact_fragments(text: str) -> str:
    for pattern in _FRAGMENTS:
        text = pattern.sub(rf"\g<name>\g<quote>{REDACTED}\g<quote>", text)
    return text


def _redact_parsed(text: str) -> str:
    """Raises SyntaxError, ValueError and others for what is no Python, or is not where Python says it is."""
    if "\r" in text.replace("\r\n", ""):
        raise ValueError("lines that end as Python counts them, and nothing else does")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python thinks of the script was said when it was loaded
        tree = ast.parse(text)
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    secrets = sorted(_span(node, lines, starts) for node in _secrets(tree))
    parts: list[str] = []
    done = 0
    for start, end in _texts(text, starts):
        parts += text[done:start], _edited(text[start:end], secret=_holds(secrets, start, end))
        done = end
    return "".join([*parts, text[done:]])


def _span(node: ast.expr, lines: list[str], starts: list[int]) -> Span:
    """Python's syntax tree counts bytes of UTF-8."""

    def place(line: int | None, column: int | None) -> int:
        assert line is not None
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)


def _holds(spans: list[Span], start: int, end: int) -> bool:
    place = bisect_right(spans, start, key=itemgetter(0))
    return place > 0 and end <= spans[place - 1][1]


def _texts(text: str, starts: list[int]) -> Iterator[Span]:
    """Return where literals and comments are. From Python 3.12 on an f-string is several tokens."""
    depth, begin = 0, 0
    for token in tokenize.generate_tokens(StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        start, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        if kind == "FSTRING_START":
            begin = begin if depth else start
            depth += 1
        elif kind == "FSTRING_END":
            depth -= 1
            if not depth:
                yield begin, end
        elif not depth and kind in ("STRING", "COMMENT"):
            yield start, end


def _edited(text: str, *, secret: bool) -> str:
    literal = _LITERAL.fullmatch(text)
    computed = literal is not None and "f" in literal["prefix"].lower() and "{" in literal["text"]
    if literal is None or not secret or computed:
        return _redact_fragments(text)
    line_end = "\n" if len(literal["quote"]) == 3 else "\\\n"
    return f"{literal['prefix']}{literal['quote']}{REDACTED}{line_end * text.count(chr(10))}{literal['quote']}"


def _secrets(tree: ast.AST) -> Iterator[ast.expr]:
    """Return the literals that are secrets."""
    for node in ast.walk(tree):
        for name, value in _named(node):
            if name is not None and value is not None and is_secret(name):
                yield from _literals(_password_of(value) if name == "auth" else value)
        if isinstance(node, ast.Call):
            yield from _login(node)


def _named(node: ast.AST) -> Iterator[Named]:
    """Return the values that a node gives names to."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _assigned(target, value)
        case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
            yield _name(target), value
        case ast.NamedExpr(target=target, value=value):
            yield _name(target), value
        case ast.keyword(arg=name, value=value):
            yield name, value
        case ast.Dict(keys=keys, values=values):
            yield from ((_key(key), value) for key, value in zip(keys, values, strict=True))
        case ast.Call(args=[first, second, *_]) | ast.Tuple(elts=[first, second]):
            yield _key(first), second  # env("TOKEN", "..."), ("X-Api-Key", "...")
        case ast.arguments():
            plain = [*node.posonlyargs, *node.args]
            defaults = [*zip(plain[len(plain) - len(node.defaults) :], node.defaults, strict=True)]
            for argument, default in [*defaults, *zip(node.kwonlyargs, node.kw_defaults, strict=True)]:
                yield argument.arg, default


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[Named]:
    match target, value:
        case ast.Tuple(elts=names) | ast.List(elts=names), ast.Tuple(elts=values) | ast.List(elts=values):
            yield from ((_name(one), other) for one, other in zip(names, values, strict=False))
        case _:
            yield _name(target), value


def _name(target: ast.expr | None) -> str | None:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=key):
            return _key(key)
    return None


def _key(node: ast.expr | None) -> str | None:
    match node:
        case ast.Constant(value=str(key)) if _KEY.fullmatch(key):
            return key
        case ast.Constant(value=bytes(key)):
            return key.decode("latin-1")
    return None


def _login(call: ast.Call) -> Iterator[ast.expr]:
    place = _SECRET_ARGUMENT.get(_name(call.func) or "")
    if place is not None and len(call.args) > place:
        yield from _literals(call.args[place])


def _password_of(login: ast.expr) -> ast.expr:
    """A user's name is no secret."""
    match login:
        case ast.Tuple(elts=[_, password]):
            return password
    return login


def _literals(value: ast.expr) -> Iterator[ast.expr]:
    """Return the literals that a value is made of, other than the arguments of calls."""
    match value:
        case ast.Constant(value=str(text)):
            if not _SCHEME_ALONE.fullmatch(text):
                yield value
        case ast.Constant(value=bytes()) | ast.JoinedStr():
            yield value
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from _literals(part)
        case ast.Dict(values=parts):
            for part in parts:
                yield from _literals(part)
        case ast.BinOp(left=one, right=other) | ast.IfExp(body=one, orelse=other):
            yield from _literals(one)
            yield from _literals(other)
        case ast.Call(func=ast.Attribute(value=one)):
            yield from _literals(one)  # "...".encode()
