"""The reference is complete, and names nothing that is not there."""

import inspect
import re
import sqlite3
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import click
import pytest
from documents import rows, section

import surgeline
from surgeline import grpc, seeding
from surgeline.cli.main import surgeline as command_line
from surgeline.data.drawing import Pool
from surgeline.errors import ExitCode, OptionError, ThresholdError
from surgeline.judge.grammar import parse_thresholds
from surgeline.metrics.names import BUILTIN, FLOW_METRICS
from surgeline.outputs.output import parse_outputs
from surgeline.protocols.http.client import HttpClient
from surgeline.protocols.http.errors import ErrorCode
from surgeline.protocols.http.event_stream import Event
from surgeline.protocols.http.options import HttpOptions, parse_size
from surgeline.protocols.http.request import DEFAULT_EXPECT
from surgeline.protocols.http.response import Response, Timings
from surgeline.script.options import OPTIONS
from surgeline.script.setting import Layer
from surgeline.script.settings import OTHER_VARIABLES
from surgeline.seeding.status import State
from surgeline.seeding.verify import Kind
from surgeline.store import schema

UNITS = {"time": "ms", "data": "bytes"}
FUNCTIONS = section("reference.md", "## Functions")
EXECUTORS = section("reference.md", "## Executors")
CLIENT = section("reference.md", "## The HTTP client")
CLIENT_OPTIONS = section("reference.md", "### Options of the client")
GRPC = section("reference.md", "## The gRPC client")
THRESHOLDS = section("reference.md", "## Thresholds")
SEEDING = section("reference.md", "### Seeding")
STATES = section("reference.md", "#### surgeline seed status")
FAULTS = section("reference.md", "#### surgeline seed verify")
OF_ANOTHER = re.compile("all of `(.+)`")
OF_OUR_TESTS = {"SURGELINE_REQUIRE_SERVERS"}
EXECUTOR_NAMES = (
    "constant_vus",
    "ramping_vus",
    "shared_iterations",
    "per_vu_iterations",
    "constant_arrival_rate",
    "ramping_arrival_rate",
    "externally_controlled",
)
OWN_METRICS = (surgeline.Counter, surgeline.Gauge, surgeline.Rate, surgeline.Trend)
OF_EACH_TYPE = {"counter": "http_reqs", "gauge": "vus", "rate": "checks", "trend": "http_req_duration"}
LAYERS = {
    "everywhere": {Layer.FILE, Layer.SCRIPT, Layer.ENVIRONMENT, Layer.FLAG},
    "file, environment, flag": {Layer.FILE, Layer.ENVIRONMENT, Layer.FLAG},
    "file, flag": {Layer.FILE, Layer.FLAG},
}


def commands(group: click.Group = command_line) -> dict[str, click.Command]:
    """Return the commands by their names; of groups of commands, theirs: `seed plan`."""
    found = {name: group.get_command(click.Context(group), name) for name in group.list_commands(click.Context(group))}
    return {
        f"{name} {inner}".rstrip(): each
        for name, command in found.items()
        for inner, each in (commands(command) if isinstance(command, click.Group) else {"": command}).items()
    }


def options(name: str) -> dict[str, click.Option]:
    return {word: each for each in commands()[name].params if isinstance(each, click.Option) for word in each.opts}


def section_of(name: str) -> str:
    return section("reference.md", f"{'####' if ' ' in name else '###'} surgeline {name}")


@pytest.mark.parametrize("name", commands())
def test_every_option_of_a_command_and_no_other(name: str) -> None:
    table = rows(section_of(name))
    documented = [word for row in table for word in words(row[0])]

    if name == "run":  # its second table says how options act together
        documented = documented[: documented.index("--quiet") + 1]
    for other in filter(None, (OF_ANOTHER.fullmatch(row[0]) for row in table)):
        documented += options(other[1])
    assert set(documented) == set(options(name))


def words(cell: str) -> list[str]:
    return re.findall(r"(?<![\w-])--?[A-Za-z][a-z-]*", cell)


@pytest.mark.parametrize("name", commands())
def test_defaults_of_options(name: str) -> None:
    known = options(name)
    for row in rows(section_of(name))[: len(known)]:
        for option in (known[word] for word in words(row[0]) if word in known):
            shown = option.show_default and not row[1].startswith("as for ")
            assert not shown or row[1].strip("`") == str(option.default), row


def test_every_option_of_a_run_with_its_variable_default_and_layers() -> None:
    table = {row[0].strip("`"): row[1:] for row in rows(section("reference/options.md", "## Every option"))}

    assert set(table) == set(OPTIONS)
    for name, (flags, variable, default, layers) in table.items():
        option = OPTIONS[name]
        assert set(code(flags)) == set(option.flags), name
        assert code(variable) == ([option.variable] if option.variable else []), name
        expected = "false" if option.default is False else option.default_text
        assert code(default) == ([expected] if expected else []), name
        assert option.layers == LAYERS[layers], name


def test_every_other_variable() -> None:
    documented = {word for row in rows(section("reference/options.md", "## Other variables")) for word in code(row[0])}

    assert documented >= OTHER_VARIABLES - OF_OUR_TESTS


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


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
    assert re.search(rf"\*\*`{name}[`.(]", FUNCTIONS + EXECUTORS + CLIENT)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (surgeline.scenario, FUNCTIONS),
        (surgeline.thresholds, FUNCTIONS),
        (surgeline.check, FUNCTIONS),
        (surgeline.abort, FUNCTIONS),
        (surgeline.fail, FUNCTIONS),
        (surgeline.env, FUNCTIONS),
        (surgeline.options, FUNCTIONS),
        (surgeline.pool.ids, FUNCTIONS),
        (surgeline.pool.rows, FUNCTIONS),
        (surgeline.pool.csv, FUNCTIONS),
        (surgeline.pool.json, FUNCTIONS),
        (surgeline.pool.table, FUNCTIONS),
        *((getattr(seeding, name), SEEDING) for name in seeding.__all__ if name.islower()),
        (surgeline.weighted, FUNCTIONS),
        (surgeline.constant, FUNCTIONS),
        (surgeline.uniform, FUNCTIONS),
        (surgeline.exponential, FUNCTIONS),
        *((metric, FUNCTIONS) for metric in OWN_METRICS),
        (surgeline.Flow, FUNCTIONS),
        *((one, CLIENT) for one in (surgeline.Retry, surgeline.BasicAuth, surgeline.BearerAuth, surgeline.DigestAuth)),
        *((getattr(surgeline, name), EXECUTORS) for name in EXECUTOR_NAMES),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_signature_of_a_function(function: object, text: str) -> None:
    assert callable(function)
    assert f"{function.__name__}({signature(function)})`**" in text.replace("\n", " ")


@pytest.mark.parametrize("name", seeding.__all__)
def test_every_public_name_of_seeding(name: str) -> None:
    assert re.search(rf"\*\*`{name}[`(]", SEEDING)


@pytest.mark.parametrize("function", [seeding.table, seeding.foreign_key], ids=lambda function: function.__name__)
def test_every_option_of_a_declaration(function: object) -> None:
    text = SEEDING[SEEDING.index(f"**`{function.__name__}(") :].partition("\n**`")[0].partition("| generator |")[0]
    table = {row[0].strip("`"): row[1].strip("`") for row in rows(text)}
    known = inspect.signature(function).parameters

    assert set(table) == set(known)
    for option, default in table.items():
        if known[option].default is not None:  # what stands for None is said in words
            required = known[option].default is inspect.Parameter.empty
            assert default == ("required" if required else shown(known[option].default)), option


@pytest.mark.parametrize("name", [name for name in vars(Pool) if not name.startswith("_")])
def test_every_way_to_draw_from_a_pool(name: str) -> None:
    assert f"`{name}({signature(getattr(Pool, name)).removeprefix('self, ')})`" in FUNCTIONS


def test_every_command_of_seed() -> None:
    documented = [row[0].strip("`") for row in rows(section("reference.md", "### surgeline seed"))[:6]]

    assert {f"seed {name}" for name in documented} == {name for name in commands() if name.startswith("seed ")}


def test_every_state_of_a_seeded_table() -> None:
    assert [state.value for state in State if f"| `{state.value}` |" not in STATES] == []


def test_every_fault_of_a_seeded_row() -> None:
    assert [kind.value for kind in Kind if f"| `{kind.value}` |" not in FAULTS] == []


@pytest.mark.parametrize("name", [name for name in vars(surgeline.Flow) if not name.startswith("_") and name != "name"])
def test_every_method_of_a_flow(name: str) -> None:
    method = getattr(surgeline.Flow, name)

    assert f"**`{name}({signature(method).removeprefix('self, ')})`**" in section("reference.md", "### Flows")


@pytest.mark.parametrize("metric", OWN_METRICS, ids=lambda metric: metric.__name__)
def test_how_a_metric_of_ones_own_is_fed(metric: type) -> None:
    (row,) = [
        row for row in rows(section("reference.md", "### Metrics of your own")) if f"`{metric.__name__}(" in row[0]
    ]
    words = dict(aggregations_table())[metric.__name__.lower()]

    assert f"`add({signature(metric.add).removeprefix('self, ')})`" in row[1]
    assert set(code(row[2])) == set(words)


@pytest.mark.parametrize("name", EXECUTOR_NAMES)
def test_every_option_of_an_executor_with_its_default(name: str) -> None:
    text = EXECUTORS[EXECUTORS.index(f"**`{name}(") :].partition("\n**`")[0]
    table = {row[0].strip("`"): row[1].strip("`") for row in rows(text)}
    known = inspect.signature(getattr(surgeline, name)).parameters

    assert set(table) == set(known)
    for option, default in table.items():
        if known[option].default is inspect.Parameter.empty:
            assert default == "required", option
        elif known[option].default is not None:  # what stands for None is said in words
            assert default == shown(known[option].default), option


def test_every_option_of_a_scenario() -> None:
    documented = {row[0].strip("`") for row in rows(FUNCTIONS.partition("**`thresholds(")[0])}

    assert documented == set(inspect.signature(surgeline.scenario).parameters)


def test_every_hook() -> None:
    documented = {name for row in rows(section("reference.md", "### Hooks")) for name in code(row[0])}

    assert documented == {"setup", "teardown", "vu_start", "vu_stop"} <= set(surgeline.__all__)


def test_all_that_a_summary_of_ones_own_is_told() -> None:
    documented = {row[0].strip("`") for row in rows(section("reference.md", "### A summary of your own"))}
    known = [name for name in vars(surgeline.Results) if not name.startswith("_")]
    method = f"value({signature(surgeline.Results.value).removeprefix('self, ')})"

    assert documented == {method if name == "value" else name for name in known}


def aggregations_table() -> list[tuple[str, list[str]]]:
    kinds = [(row[0], code(row[1])) for row in rows(THRESHOLDS) if row[0] in OF_EACH_TYPE]
    return [(kind, [word for word in words if not word.startswith("p(99")]) for kind, words in kinds]


@pytest.mark.parametrize(("kind", "words"), aggregations_table())
def test_every_aggregation_of_a_threshold(kind: str, words: list[str]) -> None:
    metric = OF_EACH_TYPE[kind]
    for word in words:
        judged(metric, f"{word.replace('N', '95')}<1")

    with pytest.raises(ThresholdError) as refused:
        judged(metric, "avg<1" if kind == "gauge" else "value<1")
    known = re.split(r", | or ", re.search(r"\): (.+), found", str(refused.value))[1])
    assert {word.removesuffix(" with N from 0 to 100") for word in known} == set(words)


def test_every_operator_and_clause_of_a_threshold() -> None:
    operators = code(re.search(r"Operators: (.+)\n", THRESHOLDS)[1])
    for operator in operators:
        judged("http_reqs", f"count{operator}1")
    with pytest.raises(ThresholdError) as refused:
        judged("http_reqs", "count")
    assert set(re.search(r"operator \((.+?)\)", str(refused.value))[1].split()) == set(operators)

    clauses = [row for row in rows(THRESHOLDS) if len(row) == 3 and row[0].strip("`")[:2] in ("of", "ov", "af")]
    assert len(clauses) == 3
    for clause, example, _ in clauses:
        assert clause.strip("`").split()[0] in example
        judged("iterations" if "target" in example else "http_req_duration", example.strip("`"))


def test_every_key_of_a_threshold_in_its_long_form() -> None:
    keys = [
        row[0].strip("`")
        for row in rows(THRESHOLDS)
        if row[0].strip("`") in ("threshold", "abort_on_fail", "delay_abort_eval")
    ]
    with pytest.raises(ThresholdError) as refused:
        parse_thresholds({"http_reqs": {"nothing": 1}}, BUILTIN)

    assert re.search("the keys (.+), found", str(refused.value))[1].split(", ") == keys


def judged(metric: str, condition: str) -> None:
    parse_thresholds({metric: condition}, BUILTIN)


def test_every_kind_of_output() -> None:
    documented = [row[0].strip("`") for row in rows(section("reference/files.md", "## Outputs"))]
    with pytest.raises(OptionError) as refused:
        parse_outputs(["nothing=here"])

    assert re.search("expected one of (.+), found", str(refused.value))[1].split(", ") == documented


def test_every_table_of_the_run_file() -> None:
    text = section("reference/files.md", "## The run file")
    documented = {row[0].strip("`"): code(row[1]) for row in rows(text) if len(row) == 3}
    with sqlite3.connect(":memory:") as database:
        database.executescript(schema.TABLES)
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: [row[1] for row in database.execute(f"PRAGMA table_info({name})")] for name in names}

    assert documented == columns
    assert f"0x{schema.APPLICATION_ID:X}" in text
    assert f"`PRAGMA user_version` is {schema.VERSION}." in text


def signature(function: object) -> str:
    """Return it without types, with texts as scripts write them."""
    assert callable(function)
    parts = []
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        unset = each.default is each.empty or type(each.default) is object
        stars = {each.VAR_KEYWORD: "**", each.VAR_POSITIONAL: "*"}.get(each.kind, "")
        parts.append(stars + each.name + ("" if unset else f"={shown(each.default)}"))
    return ", ".join(parts)


def shown(default: object) -> str:
    """Return a default as scripts write it."""
    return repr(default).replace("'", '"')


def test_every_option_of_a_request() -> None:
    parameters = inspect.signature(HttpClient.request).parameters
    known = {name for name in parameters if not name.startswith("_")} - {"self", "method", "url", "unknown"}
    table = {row[0].strip("`"): row[1].strip("`") for row in rows(section("reference.md", "### Requests"))}
    defaults = HttpOptions()

    assert {name for name in table if not name.startswith("**")} == known
    assert table["timeout"] == str(defaults.timeout)
    assert table["redirects"] == str(defaults.redirects)
    assert table["retries"] == str(parameters["retries"].default)
    assert table["discard_body"] == str(defaults.discard_bodies)
    assert table["expect"] == f"{DEFAULT_EXPECT[0][0]} to {DEFAULT_EXPECT[0][-1]}"


@pytest.mark.parametrize(
    "call", [grpc.Client, grpc.Client.call, grpc.Client.stream, grpc.to_dict], ids=lambda call: call.__name__
)
def test_the_signature_of_a_call_of_grpc(call: Any) -> None:
    name = "client." + call.__name__ if "." in call.__qualname__ else "grpc." + call.__name__

    assert f"**`{name}({signature(call).removeprefix('self, ')})`**" in GRPC.replace("\n", " ")


@pytest.mark.parametrize("kind", [grpc.Client, grpc.Response, grpc.Stream], ids=lambda kind: kind.__name__)
def test_every_part_of_the_grpc_client(kind: type) -> None:
    public = [name for name in dir(kind) if not name.startswith("_")]

    assert [name for name in public if not re.search(rf"`(client\.|await )?{name}[`(]", GRPC)] == []
    if kind is grpc.Client:
        assert {row[0].strip("`") for row in rows(GRPC)} == set(inspect.signature(kind).parameters)


@pytest.mark.parametrize("name", [name for name in vars(HttpClient) if not name.startswith("_")])
def test_every_method_of_the_client(name: str) -> None:
    internal = {"enter", "after"}

    assert name in internal or re.search(rf"\*\*`(vu\.http\.)?{name}[`(]", CLIENT)


def test_every_option_of_the_client() -> None:
    text = CLIENT_OPTIONS.partition("**`HttpLimits(")[0]
    assert_documented(rows(text), HttpOptions, unsaid={"headers", "hosts", "local_addresses", "proxy", "no_proxy"})


def test_every_option_of_tls() -> None:
    text = CLIENT_OPTIONS.partition("**`TLS(")[2].partition("**`Retry(")[0]
    in_words = {"ca", "cert", "key", "password", "min_version", "max_version", "ciphers"}

    assert_documented(rows(text), surgeline.TLS, unsaid=in_words)


def test_every_option_of_a_retry() -> None:
    assert_documented(rows(CLIENT_OPTIONS.partition("**`Retry(")[2]), surgeline.Retry)


def test_every_option_of_dns() -> None:
    assert_documented(rows(section("http.md", "## DNS")), surgeline.DNS)


def test_every_limit() -> None:
    table = {row[0].strip("`"): row[1] for row in rows(section("http.md", "## Limits"))}

    assert {name: parse_size(size.replace(" ", ""), name) for name, size in table.items()} == asdict(
        surgeline.HttpLimits()
    )


def assert_documented(table: list[list[str]], kind: type, unsaid: set[str] | None = None) -> None:
    """Each option of a declaration is there with its default; those of `unsaid` have one that is said in words."""
    shown_defaults = {row[0].strip("`"): row[1].strip("`") for row in table}
    known = inspect.signature(kind).parameters

    assert set(shown_defaults) == set(known)
    for name in set(known) - (unsaid or set()):
        default = getattr(kind(), name)
        assert shown_defaults[name] == (f"{type(default).__name__}()" if is_dataclass(default) else shown(default)), (
            name
        )


def test_every_error_code_has_its_cause() -> None:
    misbehaving = section("http.md", "## A server that misbehaves")

    assert [code for code in ErrorCode if not re.search(rf"\b{code.value}\b", misbehaving)] == []


@pytest.mark.parametrize("name", [field.name for field in fields(Event)])
def test_every_part_of_an_event(name: str) -> None:
    assert f"`{name}`" in section("http.md", "## Server-sent events")


@pytest.mark.parametrize("name", [name for name in dir(Response) if not name.startswith("_")])
def test_every_part_of_a_response(name: str) -> None:
    internal = {"head", "raw_body", "body_size", "stream", "is_encoded", "is_discarded", "decoded_bytes", "event_bytes"}

    assert name in internal or name.endswith("_ns") or re.search(rf"`{name}(\(\))?`", CLIENT)


@pytest.mark.parametrize("name", Timings.__slots__)
def test_every_timing(name: str) -> None:
    assert f"`{name}`" in CLIENT


def test_every_part_of_a_virtual_user() -> None:
    text = FUNCTIONS + section("scripts.md", "### The virtual user")
    public = {name for name in dir(surgeline.VU) if not name.startswith("_")}
    internal = {
        "abandoned",
        "checks",
        "clients",
        "close",
        "connect_failures",
        "evicted",
        "interrupted",
        "lateness_ns",
        "share",
        "resting",
    }

    assert {name for name in public - internal if not re.search(rf"`(await )?(vu\.)?{name}\b", text)} == set()


def test_every_metric_of_a_flow() -> None:
    documented = {row[0].strip("`") for row in rows(section("flows.md", "## What is counted"))}

    assert documented == {metric.name for metric in FLOW_METRICS}
