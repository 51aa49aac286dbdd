"""`surgeline http URL`: load one URL, as with wrk, hey or oha."""

import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from surgeline.cli.conduct import conduct
from surgeline.cli.prepare import read_options
from surgeline.cli.run_options import given_flags, run_options
from surgeline.engine.executors import ConstantArrivalRate, ConstantVUs, SharedIterations
from surgeline.engine.scenario import Executor, Scenario, ScenarioFunction
from surgeline.errors import ExitCode, OptionError
from surgeline.judge.grammar import Threshold, parse_thresholds
from surgeline.metrics.names import BUILTIN
from surgeline.protocols.http.addresses import parse_place
from surgeline.protocols.http.options import TLS, HttpOptions
from surgeline.protocols.http.origins import refuse_unusable
from surgeline.protocols.http.request import check_request
from surgeline.protocols.http.url import parse_url
from surgeline.schedule.numbers import DEFAULT_MAX_VUS, MOST_RATE, MOST_VUS, whole
from surgeline.script.executors import positive_duration
from surgeline.script.plan import DEFAULT_MAX_DURATION_NS, SECOND_NS, TestPlan

GRACEFUL_STOP_NS = 2 * SECOND_NS
"""How long answers are waited for when the time is over: what comes later would only thin out the rates."""
RUN_OPTIONS = (
    "tags",
    "seed",
    "insecure",
    "workers",
    "out",
    "summary_trend_stats",
    "summary_export",
    "run_dir",
    "no_run_file",
    "quiet",
)
"""What of the options of a run there is to say for one URL."""


@click.command(short_help="Load one URL.")
@click.argument("url")
@click.option("-c", "--connections", default=10, show_default=True, metavar="N", help="Connections in use at once.")
@click.option("-d", "--duration", metavar="TIME", help='How long, such as "30s"; 10s when neither -d nor -n is given.')
@click.option("-n", "--requests", type=int, metavar="N", help="Send this many requests.")
@click.option(
    "-r", "--rate", type=int, metavar="N", help="Start this many requests a second, whatever the server does."
)
@click.option("-X", "--method", metavar="METHOD", help="GET, or POST when there is a body.")
@click.option("-H", "--header", multiple=True, metavar="'NAME: VALUE'", help="A header field; may be given again.")
@click.option(
    "--data",
    metavar="TEXT|@FILE",
    help="Send this body, or a file's without line ends (@- is standard input), as curl does: as "
    "application/x-www-form-urlencoded unless -H gives a Content-Type.",
)
@click.option("--json", "json_text", metavar="JSON", help="Send this body as application/json.")
@click.option("--timeout", metavar="TIME", help="For each request; 60s unless given.")
@click.option("--cacert", metavar="FILE", help="Trust these authorities, a file or a folder, not the system's.")
@click.option("--cert", metavar="FILE", help="Show this certificate to servers that ask for one.")
@click.option("--key", metavar="FILE", help="Its private key, when it is not in the same file.")
@click.option("--unix-socket", metavar="PATH", help="Connect to this Unix socket instead of the URL's host.")
@click.option("--connect-to", metavar="ADDRESS", help="Connect to this host or host:port instead of the URL's.")
@click.option("--proxy", metavar="URL", help="Send requests through this HTTP proxy.")
@click.option(
    "--threshold",
    multiple=True,
    metavar="'METRIC CONDITION'",
    help="Judge by this, such as 'http_req_duration p(99)<50'; may be given again.",
)
@run_options(RUN_OPTIONS)
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
    timeout: str | None,
    cacert: str | None,
    cert: str | None,
    key: str | None,
    unix_socket: str | None,
    connect_to: str | None,
    proxy: str | None,
    threshold: tuple[str, ...],
    **flags: Any,
) -> ExitCode:
    """Load one URL and show what came of it.

    With -r, requests start at a rate (the open model); else each connection sends its next when it has its answer.
    """
    settings = read_options(given_flags(flags)).settle(only=RUN_OPTIONS)
    options_of_request = _request_options(data, json_text, header, timeout)
    method = method or ("POST" if "data" in options_of_request else "GET")
    executor = _executor(whole(connections, "-c", 1, MOST_VUS), duration, requests, rate)
    _refuse_bad_request(method, url, options_of_request.get("headers"))
    http = _http_options(url, _tls(cacert, cert, key), _place(unix_socket, connect_to, proxy), proxy)
    recipe = partial(
        plan_of_request, method, url, options_of_request, executor, _thresholds(threshold), settings.tags, http
    )
    return conduct(recipe(), settings, recipe)


def plan_of_request(
    method: str,
    url: str,
    options: dict[str, Any],
    executor: Executor,
    thresholds: tuple[Threshold, ...],
    tags: Mapping[str, str],
    http: HttpOptions,
) -> TestPlan:
    """Return a plan whose iterations are one request. A worker makes it anew: a function has no form to be sent in."""
    function = _one_request(method, url, options)
    scenario = Scenario("http", function, executor, graceful_stop_ns=GRACEFUL_STOP_NS, base_url=url)
    return TestPlan(f"{method} {parse_url(url).url}", (scenario,), thresholds, tags=tags, http=http)


def _request_options(
    data: str | None, json_text: str | None, header: tuple[str, ...], timeout: str | None
) -> dict[str, Any]:
    if data is not None and json_text is not None:
        raise OptionError("--data and --json: expected one of them, found both")
    request: dict[str, Any] = {}
    headers = _headers(header)
    if json_text is not None:
        _refuse_bad_json(json_text)
        request["data"] = json_text
        _set_default(headers, "Content-Type", "application/json")
    elif data is not None:
        request["data"] = _read_body(data[1:]) if data.startswith("@") else data
        _set_default(headers, "Content-Type", "application/x-www-form-urlencoded")
    if headers:
        request["headers"] = headers
    if timeout is not None:
        request["timeout"] = positive_duration(timeout, "--timeout") / SECOND_NS
    return request


def _set_default(headers: dict[str, str], name: str, value: str) -> None:
    if name.lower() not in map(str.lower, headers):
        headers[name] = value


def _read_body(path: str) -> bytes:
    """Return what a file, or standard input (`-`), holds without line ends and zero bytes, as curl does."""
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise OptionError(f"--data: expected a file that can be read, found {path!r}: {error.strerror}") from None
    return content.translate(None, b"\r\n\0")


def _one_request(method: str, url: str, options: dict[str, Any]) -> ScenarioFunction:
    """An iteration is one request: what the client returns is awaited as it is, with no coroutine around it."""
    if method == "GET" and not options:
        return lambda vu: vu.http.get(url)
    return lambda vu: vu.http.request(method, url, **options)


def _executor(connections: int, duration: str | None, requests: int | None, rate: int | None) -> Executor:
    duration_ns = None if duration is None else positive_duration(duration, "-d")
    if requests is not None:
        whole(requests, "-n", 1, 10**12)
    if rate is None:
        if requests is None:
            return ConstantVUs(connections, duration_ns or 10 * SECOND_NS)
        return SharedIterations(min(connections, requests), requests, duration_ns or DEFAULT_MAX_DURATION_NS)
    whole(rate, "-r", 1, MOST_RATE)
    if requests is not None and duration_ns is not None:
        raise OptionError("-r, -d and -n: a rate needs a duration or a number of requests, found both")
    if requests is not None:
        duration_ns = requests * SECOND_NS // rate
    return ConstantArrivalRate(rate, SECOND_NS, duration_ns or 10 * SECOND_NS, connections, DEFAULT_MAX_VUS)


def _refuse_bad_request(method: str, url: str, headers: dict[str, str] | None) -> None:
    """Raise OptionError for a request that could not be sent."""
    if "://" not in url:
        raise OptionError(f"URL: expected one such as http://127.0.0.1:8080/path, found {url!r}")
    try:
        check_request(method, headers)
        parse_url(url)
    except ValueError as error:
        raise OptionError(str(error)) from None


def _tls(cacert: str | None, cert: str | None, key: str | None) -> TLS:
    if key is not None and cert is None:
        raise OptionError("--key: expected --cert beside it, the certificate that the key is for, found none")
    tls = TLS(ca=cacert, cert=cert, key=key)
    try:
        refuse_unusable(HttpOptions(tls=tls))
    except OptionError as error:
        raise OptionError(f"--{re.sub('^ca:', 'cacert:', str(error))}") from None
    return tls


def _place(unix_socket: str | None, connect_to: str | None, proxy: str | None) -> str | None:
    """Return where connections go instead of the URL's host; None when they go there."""
    given = {"--unix-socket": unix_socket, "--connect-to": connect_to, "--proxy": proxy}
    found = [option for option, value in given.items() if value is not None]
    if len(found) > 1:
        raise OptionError(f"{', '.join(found)}: expected one of them, found {len(found)}")
    if unix_socket is not None:
        parse_place(f"unix:{unix_socket}", "--unix-socket")
        return f"unix:{unix_socket}"
    if connect_to is not None:
        parse_place(connect_to, "--connect-to")
    return connect_to


def _http_options(url: str, tls: TLS, place: str | None, proxy: str | None) -> HttpOptions:
    target = parse_url(url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    hosts = {} if place is None else {f"{host}:{target.port}": place}
    try:
        return HttpOptions(tls=tls, hosts=hosts, proxy=proxy, discard_bodies=True)
    except OptionError as error:
        raise OptionError(f"--{error}") from None


def _refuse_bad_json(text: str) -> None:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise OptionError(f"--json: expected JSON, found {text!r}: {error}") from None


def _headers(texts: Sequence[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        name = name.strip()
        if not colon or not name:
            raise OptionError(f"-H: expected 'NAME: VALUE', found {text!r}")
        # The same field again is one more value of it.
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return headers


_THRESHOLD = re.compile(r"\s*(\w+\s*(?:\{.*\})?)\s*[\s:]\s*(.+)", re.DOTALL)


def _thresholds(texts: Sequence[str]) -> tuple[Threshold, ...]:
    conditions: dict[str, list[str]] = {}
    for text in texts:
        match = _THRESHOLD.fullmatch(text)
        if match is None:
            raise OptionError(f"--threshold: expected 'METRIC CONDITION', found {text!r}")
        conditions.setdefault(match[1], []).append(match[2])
    return parse_thresholds(conditions, BUILTIN)
