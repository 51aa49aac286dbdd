"""The reference is complete, and names nothing that is not there."""

import inspect
import re

import click
import pytest
from documents import rows, section

import surgeline
from surgeline.cli.main import surgeline as command_line
from surgeline.errors import ExitCode
from surgeline.metrics.names import BUILTIN
from surgeline.protocols.http.client import DEFAULT_TIMEOUT, HttpClient
from surgeline.protocols.http.errors import ErrorCode
from surgeline.protocols.http.response import Response, Timings

UNITS = {"time": "ms", "data": "bytes"}
FUNCTIONS = section("reference.md", "## Functions")
EXECUTORS = section("reference.md", "## Executors")
CLIENT = section("reference.md", "## The HTTP client")


def commands() -> list[str]:
    return command_line.list_commands(click.Context(command_line))


def options(name: str) -> dict[str, click.Option]:
    command = command_line.get_command(click.Context(command_line), name)
    assert command is not None
    return {word: each for each in command.params if isinstance(each, click.Option) for word in each.opts}


@pytest.mark.parametrize("name", commands())
def test_every_option_of_a_command_and_no_other(name: str) -> None:
    documented = [word for row in rows(section("reference.md", f"### surgeline {name}")) for word in words(row[0])]

    if name == "run":  # its second table says how options act together
        documented = documented[: documented.index("--quiet") + 1]
    assert set(documented) == set(options(name))


def words(cell: str) -> list[str]:
    return re.findall(r"(?<![\w-])--?[A-Za-z][a-z-]*", cell)


@pytest.mark.parametrize("name", commands())
def test_defaults_of_options(name: str) -> None:
    known = options(name)
    for row in rows(section("reference.md", f"### surgeline {name}"))[: len(known)]:
        for option in (known[word] for word in words(row[0]) if word in known):
            shown = option.show_default and row[1] != "as for `run`"
            assert not shown or row[1].strip("`") == str(option.default), row


def test_every_metric_with_its_type_and_unit() -> None:
    table = {row[0].strip("`"): (row[1], row[2]) for row in rows(section("reference.md", "## Metrics"))}

    assert set(table) == set(BUILTIN)
    for name, (kind, unit) in table.items():
        metric = BUILTIN[name]
        assert kind == metric.type.value, name
        assert metric.contains == "default" or unit == UNITS[metric.contains], name


def test_every_error_code() -> None:
    table = {row[1].strip("`"): row[0] for row in rows(section("reference.md", "## Error codes")) if row[1]}

    assert table == {code.name: str(code.value) for code in ErrorCode}


def test_every_exit_code() -> None:
    table = {row[1].strip("`"): row[0] for row in rows(section("reference.md", "## Exit codes"))}

    assert table == {code.name: str(code.value) for code in ExitCode}


@pytest.mark.parametrize("name", surgeline.__all__)
def test_every_public_name(name: str) -> None:
    assert re.search(rf"\*\*`{name}[`.(]", FUNCTIONS + EXECUTORS)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (surgeline.scenario, FUNCTIONS),
        (surgeline.thresholds, FUNCTIONS),
        (surgeline.check, FUNCTIONS),
        (surgeline.env, FUNCTIONS),
        (surgeline.pool.ids, FUNCTIONS),
        (surgeline.pool.rows, FUNCTIONS),
        (surgeline.constant_vus, EXECUTORS),
        (surgeline.shared_iterations, EXECUTORS),
        (surgeline.constant_arrival_rate, EXECUTORS),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_signature_of_a_function(function: object, text: str) -> None:
    assert callable(function)
    assert f"{function.__name__}({signature(function)})`**" in text


def signature(function: object) -> str:
    """Return it without types, with texts as scripts write them."""
    assert callable(function)
    parts = []
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        unset = each.default is each.empty or type(each.default) is object
        default = "" if unset else f"={each.default!r}".replace("'", '"')
        parts.append(each.name + default)
    return ", ".join(parts)


def test_every_option_of_a_request() -> None:
    known = inspect.signature(HttpClient.request).parameters
    table = {row[0].strip("`"): row[1] for row in rows(CLIENT)}

    assert set(table) == set(known) - {"self", "method", "url"}
    assert float(table["timeout"]) == DEFAULT_TIMEOUT


@pytest.mark.parametrize("name", [name for name in dir(Response) if not name.startswith("_")])
def test_every_part_of_a_response(name: str) -> None:
    internal = {"head", "blocked_ns", "connecting_ns", "tls_ns", "sending_ns", "waiting_ns", "receiving_ns"}

    assert name in internal or re.search(rf"`{name}(\(\))?`", CLIENT)


@pytest.mark.parametrize("name", Timings.__slots__)
def test_every_timing(name: str) -> None:
    assert f"`{name}`" in CLIENT


def test_every_part_of_a_virtual_user() -> None:
    text = FUNCTIONS + section("scripts.md", "### The virtual user")
    public = {name for name in dir(surgeline.VU) if not name.startswith("_")}
    internal = {"abandoned", "checks", "clients", "close", "connect_failures", "evicted", "interrupted", "lateness_ns"}

    assert {name for name in public - internal if not re.search(rf"`(await )?(vu\.)?{name}\b", text)} == set()
