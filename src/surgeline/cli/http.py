"""`surgeline http URL`: load one URL, as with wrk, hey or oha."""

from collections.abc import Sequence
from typing import Any

import click

from surgeline.cli.conduct import conduct, run_options
from surgeline.engine.executors import ConstantArrivalRate, ConstantVUs, SharedIterations
from surgeline.engine.scenario import Executor, Scenario, ScenarioFunction
from surgeline.errors import ExitCode, OptionError
from surgeline.metrics.names import BUILTIN
from surgeline.protocols.http.url import parse_url
from surgeline.script.executors import MOST_RATE, MOST_VUS, positive_duration, whole
from surgeline.script.plan import DEFAULT_MAX_DURATION_NS, DEFAULT_MAX_VUS, SECOND_NS, TestPlan
from surgeline.script.vu import VU
from surgeline.judge.grammar import parse_thresholds


@click.command(short_help="Load one URL.")
@click.argument("url")
@click.option("-c", "--connections", default=10, show_default=True, metavar="N", help="Connections in use at once.")
@click.option("-d", "--duration", metavar="TIME", help='How long, such as "30s"; 10s when neither -d nor -n is given.')
@click.option("-n", "--requests", type=int, metavar="N", help="Send this many requests.")
@click.option("-r", "--rate", type=int, metavar="N", help="Start this many requests a second, whatever the server does.")
@click.option("-X", "--method", metavar="METHOD", help="GET, or POST when there is a body.")
@click.option("-H", "--header", multiple=True, metavar="'NAME: VALUE'", help="A header field; may be given again.")
@click.option("--data", metavar="TEXT", help="Send this body.")
@click.option("--json", "json_text", metavar="JSON", help="Send this body as application/json.")
@click.option("--timeout", default="60s", show_default=True, metavar="TIME", help="For each request.")
@click.option("--threshold", multiple=True, metavar="'METRIC: CONDITION'",
              help="Judge by this, such as 'http_req_duration: p(99)<50'; may be given again.")
@run_options
def command(
    url: str,
    connections: int,
    duration: str | None,
    requests: int | None,
    rate: int | None,
    method: str | None,
    header: tuple[str, ...],
    data: str | None,
    json_text: str | None,
    timeout: str,
    threshold: tuple[str, ...],
    **options: Any,
) -> ExitCode:
    """Load one URL and show what came of it.

    With -r, requests start at a rate (the open model); else each connection sends its next when it has its answer.
    """
    if data is not None and json_text is not None:
        raise OptionError("--data and --json: expected one of them, found both")
    body = data if json_text is None else json_text
    headers = split_pairs(header, "-H")
    if json_text is not None:
        headers.setdefault("Content-Type", "application/json")
    request = {"headers": headers or None, "timeout": positive_duration(timeout, "--timeout") / SECOND_NS}
    method = method or ("GET" if body is None else "POST")
    executor = _executor(whole(connections, "-c", 1, MOST_VUS), duration, requests, rate)
    conditions: dict[str, list[str]] = {}
    for selector, condition in split_pairs(threshold, "--threshold").items():
        conditions.setdefault(selector, []).append(condition)
    plan = TestPlan(
        title=f"{method} {_checked(url)}",
        scenarios=(Scenario("http", _one_request(method, url, body, request), executor),),
        thresholds=parse_thresholds(conditions, BUILTIN),
    )
    return conduct(plan, **options)


def _one_request(method: str, url: str, body: str | None, options: dict[str, Any]) -> ScenarioFunction:
    async def http(vu: VU) -> None:
        await vu.http.request(method, url, data=body, **options)

    return http


def _executor(connections: int, duration: str | None, requests: int | None, rate: int | None) -> Executor:
    duration_ns = None if duration is None else positive_duration(duration, "-d")
    if rate is not None:
        whole(rate, "-r", 1, MOST_RATE)
        if duration_ns is None:
            duration_ns = 10 * SECOND_NS if requests is None else requests * SECOND_NS // rate
        return ConstantArrivalRate(rate, SECOND_NS, duration_ns, connections, max(connections, DEFAULT_MAX_VUS))
    if requests is not None:
        whole(requests, "-n", 1, 10**12)
        return SharedIterations(min(connections, requests), requests, duration_ns or DEFAULT_MAX_DURATION_NS)
    return ConstantVUs(connections, duration_ns or 10 * SECOND_NS)


def _checked(url: str) -> str:
    try:
        return parse_url(url).url
    except ValueError as error:
        raise OptionError(f"URL: {error}") from None


def split_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return `NAME: VALUE` texts as a mapping. Raises OptionError for one that is not of that form."""
    pairs = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise OptionError(f"{option}: expected 'NAME: VALUE', found {text!r}")
        pairs[name.strip()] = value.strip()
    return pairs
