"""Tokens that are no longer valid, or will not be until the run has ended: JSON Web Tokens in pools and in `env`.

Pure. What is signed is not checked, and no token is ever part of a message.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

from surgeline.data.drawing import Pool
from surgeline.data.sources import FileSource, IdsSource, TableSource
from surgeline.report.doctor import Finding, Level
from surgeline.script.plan import TestPlan

CHECK = "tokens"
MOST_LOOKED_AT = 20
"""Values of a pool: the first, the last, and some between."""
_JWT = re.compile(r"(?:bearer\s+)?(?P<header>[\w-]{8,})\.(?P<claims>[\w-]{2,})\.[\w-]*", re.IGNORECASE)
_DEEPEST = 3
_TOO_EARLY = "begin later, or check the clocks of both machines"
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """How long a run lasts."""

    start: datetime
    end: datetime | None
    """Until then it lasts for sure; None where that depends on the service."""
    latest: datetime | None
    """When it ends at the latest; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Token:
    """When a token is valid, and where it stands."""

    place: str
    not_before: datetime | None
    expires: datetime | None
    issued: datetime | None


def token_findings(plan: TestPlan, span: Span) -> list[Finding]:
    """Return what is wrong with the tokens of a plan, by the place where they stand; nothing where there are none."""
    tokens = list(tokens_of(plan))
    if not tokens:
        return []
    wrong = [(token.place, finding) for token in tokens if (finding := _wrong(token, span)) is not None]
    if not wrong:
        return [Finding(Level.OK, CHECK, f"{_counted(tokens)} valid for the whole run, of those that were looked at")]
    return _once(wrong)


def tokens_of(plan: TestPlan) -> Iterator[Token]:
    """Find tokens in the values of `env` and in a sample of each pool."""
    for one in plan.env_values:
        yield from _in_value(one.value, f"env {one.name}")
    for number, pool in enumerate(plan.pools, start=1):
        for value in _sample(pool):
            yield from _in_value(value, _named(pool, number))


def _named(pool: Pool[Any], number: int) -> str:
    return f"pool of {pool.source.path}" if isinstance(pool.source, FileSource) else f"pool {number}"


def _sample(pool: Pool[Any]) -> Iterator[Any]:
    """Return some values, evenly apart, the first and the last among them; none of what is made by a rule."""
    if isinstance(pool.source, IdsSource | TableSource):
        return
    last = len(pool) - 1
    step = max(1, -(-last // (MOST_LOOKED_AT - 1)))
    for place in (*range(0, last, step), last):
        yield pool.values[place]


def _in_value(value: Any, place: str, depth: int = 0) -> Iterator[Token]:
    match value:
        case str():
            token = parse_token(value, place)
            if token is not None:
                yield token
        case Mapping() if depth < _DEEPEST:
            for name, one in value.items():
                yield from _in_value(one, f"{place}, {name}", depth + 1)
        case list() | tuple() if depth < _DEEPEST:
            for one in value:
                yield from _in_value(one, place, depth + 1)


def parse_token(text: str, place: str) -> Token | None:
    """Return what a JSON Web Token says of its time (RFC 7519 4.1.4 to 4.1.6); None for any other text."""
    found = _JWT.fullmatch(text.strip())
    if found is None:
        return None
    header, claims = _decoded(found["header"]), _decoded(found["claims"])
    if not isinstance(header, dict) or "alg" not in header or not isinstance(claims, dict):
        return None
    return Token(place, _time(claims.get("nbf")), _time(claims.get("exp")), _time(claims.get("iat")))


def _decoded(part: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _time(seconds: Any) -> datetime | None:
    """Return a NumericDate; None for what is none, and the latest time there is for one beyond it."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return None if isnan(seconds) else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return _LATEST if seconds > 0 else datetime.min.replace(tzinfo=UTC)


def _wrong(token: Token, span: Span) -> Finding | None:
    place, expires, not_before = token.place, token.expires, token.not_before
    if expires is not None and expires <= span.start:
        message = f"{place}: expired at {_shown(expires)}, {_apart(span.start - expires)} ago"
        return Finding(Level.FAILURE, CHECK, message, "make new tokens before the run")
    if not_before is not None and not_before > span.start:
        message = f"{place}: not valid before {_shown(not_before)}, {_apart(not_before - span.start)} from now"
        return Finding(Level.FAILURE, CHECK, message, _TOO_EARLY)
    return _too_short(place, expires, span) or _too_young(place, token.issued, span)


def _too_young(place: str, issued: datetime | None, span: Span) -> Finding | None:
    """The RFC asks nobody to refuse such a token, and some libraries do."""
    if issued is None or issued <= span.start:
        return None
    message = f"{place}: issued at {_shown(issued)}, {_apart(issued - span.start)} from now: some services refuse it"
    return Finding(Level.WARNING, CHECK, message, _TOO_EARLY)


def _too_short(place: str, expires: datetime | None, span: Span) -> Finding | None:
    if expires is None:
        return None
    message = f"{place}: expires at {_shown(expires)}, in {_apart(expires - span.start)}"
    remedy = "make tokens that live longer, or let the script renew them"
    if span.end is not None and expires < span.end:
        return Finding(Level.FAILURE, CHECK, f"{message}; the run ends {_shown(span.end)}", remedy)
    if span.latest is not None and expires < span.latest:
        return Finding(Level.WARNING, CHECK, f"{message}; the run may last until {_shown(span.latest)}", remedy)
    return None


def _once(findings: Iterable[tuple[str, Finding]]) -> list[Finding]:
    """Return the first finding of each place; tokens of one pool are mostly alike."""
    by_place: dict[str, Finding] = {}
    for place, finding in sorted(findings, key=lambda one: one[1].level is not Level.FAILURE):
        by_place.setdefault(place, finding)
    return list(by_place.values())


def _counted(tokens: Sequence[Token]) -> str:
    return "1 token is" if len(tokens) == 1 else f"{len(tokens)} tokens are"


def _shown(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


def _apart(span: timedelta) -> str:
    """Return a length of time in its two largest units."""
    seconds = int(span.total_seconds())
    for unit, size, smaller, parts in (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size:,}{unit} {seconds % size // parts}{smaller}"
    return f"{seconds}s"
