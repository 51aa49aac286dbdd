"""A request as a script asks for it: checked, and turned into bytes. Pure; sends nothing and counts nothing.

What may not come from a script, because it would end a line or lie about the body's length, is refused here.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from surgeline.protocols.http.json_codec import encoder
from surgeline.protocols.http.url import Target, encode_form

if TYPE_CHECKING:
    from surgeline.protocols.http.body_source import BodySource

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""None of them may stand in a field: RFC 9110 5.5."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding"})
_OF_A_BODY = frozenset({"content-type", "content-encoding", "content-language", "content-location"})
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})

Expect = tuple[range, ...]
"""The statuses that count as success."""
DEFAULT_EXPECT: Expect = (range(200, 400),)


@dataclass(frozen=True, slots=True)
class Request:
    """All of a request but its body, and how it is counted."""

    method: str
    target: Target
    fields: Mapping[str, str]
    """Header fields but Host and what frames the body."""
    has_body: bool
    name: str | None = None
    tags: Mapping[str, str] | None = None
    expect: Expect = DEFAULT_EXPECT
    redirects: int = 0
    """How many redirects are followed."""
    maker: Any = field(default=None, compare=False, repr=False)
    """What prepared it, and prepares the requests that follow from it."""

    def value_of(self, name: str) -> str | None:
        """Return what the script, or the client's options, put into a header field; `name` is in small letters."""
        return next((value for one, value in self.fields.items() if one.lower() == name), None)

    def without(self, name: str) -> "Request":
        """Return the same without that field; `name` is in small letters."""
        return replace(self, fields={one: value for one, value in self.fields.items() if one.lower() != name})

    def head(self, target: str, more: Mapping[str, str]) -> bytes:
        """Return the head: whole for a request without a body, else up to the value of Content-Length.

        `target` is the request's target, `more` are fields that the script's own go before.
        """
        fields = merge({"Host": self.target.authority, **more}, self.fields)
        lines = [f"{self.method} {target} HTTP/1.1"]
        # Not by format, which some texts (those of an enumeration) have their own idea of.
        lines += [": ".join((name, value)) for name, value in fields.items() if value != ""]
        lines.append("Content-Length: " if self.has_body else "\r\n")
        return "\r\n".join(lines).encode("latin-1")

    def fields_elsewhere(self) -> dict[str, str]:
        """Return the fields that may go to another origin: not those that prove who asks."""
        return {name: value for name, value in self.fields.items() if name.lower() not in (*_CREDENTIALS, "host")}

    def fields_without_body(self) -> dict[str, str]:
        """Return the fields that do not speak of a body."""
        return {name: value for name, value in self.fields.items() if name.lower() not in _OF_A_BODY}


def merge(fields: Mapping[str, str], over: Mapping[str, str]) -> dict[str, str]:
    """Put header fields over others, whatever their case."""
    names = {name.lower() for name in over}
    return {name: value for name, value in fields.items() if name.lower() not in names} | dict(over)


def check_request(method: str, headers: Mapping[str, str] | None) -> None:
    """Raise ValueError for a method or header fields that could not be sent."""
    refuse_bad_method(method)
    refuse_bad_fields(headers or {})


def refuse_bad_method(method: str) -> None:
    """Raise ValueError for a method that is none, or that would change what the connection is."""
    if not method or not _TOKEN.issuperset(method) or method == "CONNECT":
        raise ValueError(f"method: expected one such as GET, found {method!r}")


def in_capitals(method: object) -> str:
    """Return the method in capitals. Raises TypeError when it is not text."""
    if not isinstance(method, str):
        raise TypeError(f"method: expected text such as 'GET', found {method!r}")
    # Other letters have capitals that are ASCII.
    return method.upper() if method.isascii() else method


def refuse_bad_fields(headers: Mapping[str, str]) -> None:
    """Raise ValueError, or TypeError, for header fields that could not be sent."""
    if not isinstance(headers, Mapping):
        raise TypeError(f"headers: expected a mapping of names to texts, found {headers!r}")
    for name, value in headers.items():
        _refuse_bad_field(name, value)
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError(f"headers: expected each field once, whatever its case, found {', '.join(headers)}")


def _refuse_bad_field(name: str, value: str) -> None:
    if not isinstance(name, str) or not name or not _TOKEN.issuperset(name) or name.lower() in _OWN_HEADERS:
        raise ValueError(f"headers: expected a field name that is a token and not one we set ourselves, found {name!r}")
    if not isinstance(value, str) or _CONTROLS.search(value):
        raise ValueError(f"headers: expected text of one line for {name!r}, found {value!r}")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"headers: expected Latin-1 text for {name!r}, found {value!r}") from None


def basic(user_info: bytes) -> str:
    """Return the Authorization of a URL's `user:password`."""
    return "Basic " + b64encode(user_info).decode()


def as_expect(expect: object) -> Expect:
    """Return the statuses that a script counts as success: a number, a range, or several of these.

    Raises ValueError for what is not a status.
    """
    items = [expect] if isinstance(expect, int | range) else expect
    if not isinstance(items, Iterable) or isinstance(items, str | bytes):
        raise _no_expect(expect)
    found = tuple(_statuses(one, expect) for one in items)
    if not found:
        raise _no_expect(expect)
    return found


def _statuses(one: object, expect: object) -> range:
    found = range(one, one + 1) if isinstance(one, int) and not isinstance(one, bool) else one
    if not isinstance(found, range) or found.step != 1 or not found or found[0] < 100 or found[-1] > 999:
        raise _no_expect(expect)
    return found


def _no_expect(expect: object) -> ValueError:
    return ValueError(f"expect: expected a status such as 404, range(200, 300), or several of these, found {expect!r}")


def encode_body(method: str, data: object, json: Any) -> tuple["bytes | BodySource | None", str | None]:
    """Return the body and its content type, both None for a request without a body.

    Raises TypeError for a body that cannot be sent, OSError for a file that is not there.
    """
    if json is not None:
        if data is not None:
            raise TypeError("expected `json` or `data`, found both")
        return _encode_json(json), JSON
    if data is not None:
        return _encode_data(data)
    # Servers may ask for a length where a body is the rule: RFC 9110 8.6.
    return (b"", "") if method in _WITH_BODY else (None, None)


def _encode_json(value: Any) -> bytes:
    try:
        return encoder()(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"json: expected a value that JSON has, found {type(value).__name__}: {error}") from None


def _encode_data(data: Any) -> "tuple[bytes | BodySource, str]":
    """Return the body and its content type; "" for bytes and text, whose type only the script knows."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data), ""
    if isinstance(data, str):
        return _encode_text(data), ""
    if isinstance(data, Mapping) or _are_pairs(data):
        return encode_form(data, "data").encode(), FORM
    return _as_source(data), ""


def _are_pairs(data: object) -> bool:
    return isinstance(data, list | tuple) and bool(data) and all(isinstance(one, tuple) for one in data)


def _encode_text(data: str) -> bytes:
    try:
        return data.encode()
    except UnicodeEncodeError:
        raise ValueError(f"data: expected text without lone surrogates, found {data!r}") from None


def _as_source(data: object) -> "BodySource":
    from surgeline.protocols.http.body_source import as_source  # noqa: PLC0415 - few scripts send files

    source = None if isinstance(data, int | float) else as_source(data)
    if source is None:
        raise TypeError(
            "data: expected bytes, text, a mapping (sent as a form), a path, a file opened in binary mode or an "
            f"iterable of bytes, found {type(data).__name__}"
        )
    return source
