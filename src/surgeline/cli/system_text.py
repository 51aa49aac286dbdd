"""What `surgeline system` says of systems. Texts alone: it must not know how a system is started, found or ended."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from surgeline.errors import ExitCode
from surgeline.report.format import clock, data_size
from surgeline.report.table import plain_table
from surgeline.store.redact import redact_urls

_SUITES = ("suite", "load")
_STATUS = ("state", "service", "process", "up for", "health", "memory", "seeded", "servers")
_CODES = ("exit code", "verdict")
_OPENAPI = "/openapi.json"
_HEALTH = "/api/health"
_VERDICTS = {
    ExitCode.PASSED: "passed",
    ExitCode.THRESHOLDS_FAILED: "thresholds failed",
    ExitCode.WRONG_INPUT: "the script or an option is wrong",
    ExitCode.STOPPED_BY_SIGNAL: "stopped",
    ExitCode.SETUP_FAILED: "set-up or tear-down failed",
    ExitCode.ABORTED: "aborted by the script",
    ExitCode.INCONCLUSIVE: "inconclusive",
}


def render_systems(systems: Sequence[Any]) -> str:
    """Return which systems there are, and their suites."""
    rows = [
        (system.name if number == 0 else "", suite.name, suite.about)
        for system in systems
        for number, suite in enumerate(system.suites)
    ]
    abouts = [f"{system.name}: {system.about}" for system in systems]
    return "\n".join([*abouts, "", *plain_table(("SYSTEM", *_SUITES), rows, left=_SUITES)])


def render_standing(standing: Any, place: Any, *, was_up: bool) -> str:
    """Return what runs where, and what to do with it."""
    name = standing.wish.system
    facts = [
        ("service", standing.base_url),
        ("OpenAPI", standing.base_url + _OPENAPI),
        *_servers(standing.backing, place),
        ("seeded", _yes(standing.wish.with_seeds)),
        ("log", str(place.log)),
        ("process", str(standing.pid)),
    ]
    next_ones = [
        f"curl {standing.base_url}{_HEALTH}",
        f"surgeline system run {name}",
        f"surgeline system status {name}",
        f"surgeline system down {name}",
    ]
    lines = [f"  {what:<8}  {value}" for what, value in facts]
    first = f"{name} is up already." if was_up else f"{name} is up."
    return "\n".join([first, *lines, "", "Try next:", *(f"  {one}" for one in next_ones)])


def render_statuses(found: Sequence[Any]) -> str:
    """Return a line for each system."""
    lines = plain_table(("SYSTEM", *_STATUS), [_cells(one) for one in found], left=_STATUS)
    dead = [one.name for one in found if one.state == "dead"]
    notes = [f"{name}: its process was killed; what was left of it is cleaned up." for name in dead]
    return "\n".join([*lines, *notes])


def as_json(one: Any) -> dict[str, Any]:
    """Return how a system is, for programs, without passwords."""
    facts: dict[str, Any] = {"system": one.name, "state": one.state}
    if one.standing is None or one.state != "up":
        return facts
    servers = _named(one.standing.backing)
    return facts | {
        "url": one.standing.base_url,
        "pid": one.standing.pid,
        "since": one.standing.since.isoformat(),
        "health": one.health,
        "database": one.standing.backing.database.origin,
        "seeded": one.standing.wish.with_seeds,
        **{f"{name.lower()}_url": server and redact_urls(server.url) for name, server in servers},
    }


def render_codes(codes: Mapping[str, int], suites: Sequence[str]) -> str:
    """Return what became of each suite, those that did not come to it too."""
    rows = [
        (name, str(int(codes[name])), _VERDICTS.get(ExitCode(codes[name]), "a defect"))
        if name in codes
        else (name, "-", "not run")
        for name in suites
    ]
    return "\n".join(["", *plain_table(("SUITE", *_CODES), rows, left=("verdict",))])


def _cells(one: Any) -> tuple[str, ...]:
    if one.standing is None or one.state != "up":
        return (one.name, one.state, *("" for _ in _STATUS[1:]))
    standing, health = one.standing, one.health or {}
    age = datetime.now(UTC) - standing.since
    memory = health.get("memoryBytes", health.get("memory_bytes"))
    return (
        one.name,
        one.state,
        standing.base_url,
        str(standing.pid),
        clock(age.total_seconds()),
        str(health.get("status", "no answer")),
        "" if memory is None else data_size(memory),
        _yes(standing.wish.with_seeds),
        ", ".join(server.origin for _, server in _named(standing.backing) if server),
    )


def _servers(backing: Any, place: Any) -> Iterator[tuple[str, str]]:
    """Each server that the system stands on, and below it the URL."""
    for name, server in _named(backing):
        if server is not None:
            yield name, server.origin
            yield "", _shown(server.url, f"{name.lower()}.url", place)


def _named(backing: Any) -> list[tuple[str, Any]]:
    return [("database", backing.database), ("Redis", backing.redis), ("RabbitMQ", backing.rabbitmq)]


def _shown(url: str, name: str, place: Any) -> str:
    """The URL; without its password, and then with where the whole of it stands."""
    parts = urlsplit(url)
    if parts.password is None and "password" not in parts.query:
        return url
    return f"{redact_urls(url)}; with its password: backing.{name} in {place.state}"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
