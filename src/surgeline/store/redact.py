"""Takes secrets out of what is to be stored. Pure.

A secret is a value whose name says so, what a URL logs in with, and the value of a secret environment variable wherever
it stands. What a script has in its own text is for `redact_code` to find.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

REDACTED = "(redacted)"
SHORTEST_SECRET = 6
"""Shorter values of secret variables are not looked for in texts: they stand everywhere."""

TELLING_NAME = (
    r"token|passw|pwd|passphrase|secret|key(?!word|board)|auth|credential|cookie|session|signature|dsn|jwt"
    r"|(?<![a-z])sig(?![a-z])|(?<![\w.-])code(?![\w.-])"
)
"""A pattern of what names say so, in any case."""
_NAMED_VALUE = r"(?P<name>[\w.-]+)(?P<between>\s*[:=]\s*)(?P<value>.+)"
# All of these also fit into JSON as text: they end where a text ends.
# A log-in ends with the last "@" before the path, as `urlsplit` has it: a password may hold others.
# `user:password@host` is what a message says that a URL looks like.
_URL_LOGIN = r"(?<=://)(?!user:password@host\b)[^/?#\s\"'\\]+(?=@)"
_QUERY_VALUE = rf"(?P<name>[?&#][^=&\s\"'\\]*(?:{TELLING_NAME})[^=&\s\"'\\]*=)[^&#\s\"'\\]+"
_SCHEME = r"(?:bearer|basic|digest|token|apikey)\s+"
# With a scheme or in quotes, so that no code such as `{"Authorization": token}` is taken for a secret.
_HEADER_VALUE = (
    r"(?P<name>authorization\\?[\"']?\s*[:=]\s*"
    rf"(?:[bf]?\\?[\"'](?:{_SCHEME})?|{_SCHEME}))(?!{_SCHEME}|[{{$%<])[^\s\"'\\,;]+"
)


def is_secret(name: str) -> bool:
    """Does the name of a value say that nobody else should see it?"""
    return re.search(TELLING_NAME, name, re.IGNORECASE) is not None


def redact_urls(text: str) -> str:
    """Return a text without what URLs and `Authorization` fields in it log in with, nor secrets in URLs' queries."""
    text = re.sub(_URL_LOGIN, REDACTED, text)
    for named in (_QUERY_VALUE, _HEADER_VALUE):
        text = re.sub(named, rf"\g<name>{REDACTED}", text, flags=re.IGNORECASE)
    return text


def redact(value: Any, redact_text: Callable[[str], str] = redact_urls) -> Any:
    """Return JSON-like data without secret values in mappings, nor in texts such as `NAME=VALUE` or `Name: value`.

    Other texts are passed through `redact_text`.
    """
    match value:
        case str():
            return _redact_option(value, redact_text)
        case Mapping():
            return {name: REDACTED if is_secret(str(name)) else redact(one, redact_text) for name, one in value.items()}
        case list() | tuple():
            return [redact(one, redact_text) for one in value]
        case _:
            return value


def _redact_option(text: str, redact_text: Callable[[str], str]) -> str:
    named = re.fullmatch(_NAMED_VALUE, text, re.DOTALL)
    if named and is_secret(named["name"]):
        return f"{named['name']}{named['between']}{REDACTED}"
    return redact_text(text)


class Redactor:
    """Replaces secrets, also the values of secret variables of `environment`, which may grow, wherever they stand."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, text: str) -> str:
        """Return a text, which may be JSON, without secrets."""
        text = redact_urls(text)
        for name, value in list(self._environment.items()):
            if len(value) >= SHORTEST_SECRET and is_secret(name):
                text = text.replace(value, REDACTED).replace(json.dumps(value)[1:-1], REDACTED)
        return text

    def data(self, value: Any) -> Any:
        """Return JSON-like data without secrets."""
        return redact(value, self.text)
