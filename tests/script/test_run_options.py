"""The options of a run: one table, one precedence over all layers, and errors that name who is wrong."""

import dataclasses
import json
import os
from itertools import pairwise
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline import options
from surgeline.errors import OptionError, ScriptError
from surgeline.script.load import load_script
from surgeline.script.option_kinds import DURATION, MOST_WORKERS, SWITCH, TABLE, TEXTS, Shape
from surgeline.script.options import OPTIONS, RunSettings
from surgeline.script.plan import apply_overrides
from surgeline.script.setting import Layer, Setting
from surgeline.script.settings import LOAD, OTHER_VARIABLES, Given, read_given

SCENARIO = "@scenario(constant_vus(duration=1))\nasync def s(vu): pass\n"

# Four values for each option, as TOML and Python have them: one for each layer that can give it.
VALUES = {
    "scenario": [["a"], ["b", "c"], ["d"], ["e", "f"]],
    "env": [{"K": "1"}, {"K": "2"}, {"K": "3"}, {"K": "4"}],
    "vus": [2, 3, 4, 5],
    "duration": ["1s", "2m", "1h3m", "500ms"],
    "iterations": [10, 20, 30, 40],
    "rate": [100, 200, 300, 400],
    "base_url": ["http://a/", "http://b:1", "https://c/api", "http://127.0.0.1:8080"],
    "tags": [{"K": "1"}, {"K": "2"}, {"K": "3"}, {"K": "4"}],
    "no_thresholds": [True, False, False, True],
    "seed": [1, 0, -3, 2**40],
    "insecure": [True, False, False, True],
    "workers": [2, 3, 4, 5],
    "setup_timeout": ["1s", "2s", "3s", "4s"],
    "teardown_timeout": ["1s", "2s", "3s", "4s"],
    "control": ["127.0.0.1:1", "localhost:2", 7, "127.0.0.1"],
    "out": [["json=a.json"], ["csv=b.csv", "json=c.json"], ["junit=d.xml"], ["github"]],
    "summary_trend_stats": [["avg"], ["min", "max"], ["p(95)"], ["count", "p(99.9)"]],
    "summary_export": ["a.json", "b.json", "c.json", "/tmp/d.json"],
    "run_dir": ["a", "b/c", "/d", "e"],
    "no_run_file": [True, False, False, True],
    "quiet": [True, False, False, True],
}
LAYERS = [Layer.FILE, Layer.SCRIPT, Layer.ENVIRONMENT, Layer.FLAG]


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def texts(value):
    if isinstance(value, dict):
        return [f"{key}={one}" for key, one in value.items()]
    return value if isinstance(value, list) else [str(value).lower() if isinstance(value, bool) else str(value)]


@pytest.fixture
def settle(tmp_path, monkeypatch):
    """Give each layer its values, by layer and option's name, and return the settings."""
    monkeypatch.chdir(tmp_path)

    def give(layers):
        file = layers.get(Layer.FILE, {})
        (tmp_path / "surgeline.toml").write_text("".join(f"{name} = {toml(one)}\n" for name, one in file.items()))
        keywords = ", ".join(f"{name}={one!r}" for name, one in layers.get(Layer.SCRIPT, {}).items())
        (tmp_path / "script.py").write_text(f"from surgeline import *\noptions({keywords})\n{SCENARIO}")
        environ = {
            OPTIONS[name].variable: ",".join(texts(one)) for name, one in layers.get(Layer.ENVIRONMENT, {}).items()
        }
        flags = {name: flag(name, one) for name, one in layers.get(Layer.FLAG, {}).items()}
        before = read_given(flags, environ)
        return before.settle(load_script(tmp_path / "script.py", before.env, before.stored_env).options)

    return give


def flag(name, value):
    shape = OPTIONS[name].kind.shape
    if shape is Shape.SWITCH:
        return value
    return ",".join(texts(value)) if shape is Shape.ONE else tuple(texts(value))


def expected(name, value):
    option = OPTIONS[name]
    return option.kind.check(value, name)


def source(name, layer):
    return {
        Layer.FILE: "surgeline.toml:1",
        Layer.SCRIPT: f"{Path.cwd()}/script.py:2",
        Layer.ENVIRONMENT: OPTIONS[name].variable,
        Layer.FLAG: OPTIONS[name].flags[-1],
    }[layer]


def layers_of(option):
    return [Layer.DEFAULT, *(layer for layer in LAYERS if layer in option.layers)]


PAIRS = [(name, *pair) for name, option in OPTIONS.items() for pair in pairwise(layers_of(option))]


def test_there_are_values_for_every_option():
    assert list(VALUES) == list(OPTIONS)


@pytest.mark.parametrize(("name", "lower", "upper"), PAIRS, ids=lambda value: getattr(value, "value", value))
def test_the_upper_of_two_layers_counts(settle, name, lower, upper):
    values = {
        layer: {name: VALUES[name][LAYERS.index(layer)]} for layer in (lower, upper) if layer is not Layer.DEFAULT
    }
    if name in ("no_thresholds", "insecure", "no_run_file", "quiet"):
        values = {layer: {name: (layer is upper) is not (upper is Layer.SCRIPT)} for layer in values}
    settings = settle(values)
    option = OPTIONS[name]
    assert settings.value(option) == expected(name, values[upper][name])
    key = f"{name}.K" if option.kind.shape is Shape.TABLE else name
    assert (settings.given[key].layer, settings.given[key].source) == (upper, source(name, upper))
    if lower is not Layer.DEFAULT:
        alone = settle({lower: values[lower]})
        assert alone.value(option) == expected(name, values[lower][name])
        assert (alone.given[key].layer, alone.given[key].source) == (lower, source(name, lower))


def test_all_layers_at_once(settle):
    given = {
        layer: {name: values[i] for name, values in VALUES.items() if layer in OPTIONS[name].layers}
        for i, layer in enumerate(LAYERS)
    }
    settings = settle(given)
    for name, option in OPTIONS.items():
        assert settings.value(option) == expected(name, VALUES[name][3]), name
    assert {setting.layer for setting in settings.given.values()} == {Layer.FLAG}


LOADS = [
    ({Layer.ENVIRONMENT: {"iterations": 5}, Layer.FLAG: {"rate": 10}}, {"rate": 10}),
    ({Layer.FILE: {"rate": 10}, Layer.FLAG: {"iterations": 5}}, {"iterations": 5}),
    ({Layer.FILE: {"iterations": 5}, Layer.FLAG: {"vus": 2, "duration": "1s"}}, {"vus": 2, "duration_ns": 10**9}),
    ({Layer.FILE: {"duration": "1s"}, Layer.ENVIRONMENT: {"vus": 3}}, {"vus": 3}),
    ({Layer.FILE: {"vus": 2, "duration": "1s"}, Layer.FLAG: {"vus": 3}}, {"vus": 3}),
    (
        {Layer.FILE: {"rate": 1}, Layer.ENVIRONMENT: {"iterations": 5}, Layer.FLAG: {"duration": "1s"}},
        {"duration_ns": 10**9},
    ),
    ({Layer.FILE: {"rate": 1, "seed": 3}, Layer.SCRIPT: {"workers": 2}, Layer.FLAG: {"quiet": True}}, {"rate": 1}),
    ({Layer.ENVIRONMENT: {"iterations": 5, "rate": 10}}, {"iterations": 5, "rate": 10}),
]


@pytest.mark.parametrize(("layers", "expected"), LOADS)
def test_the_load_is_that_of_one_layer(settle, layers, expected):
    """As in k6, where a shortcut of a later layer takes the place of all of the earlier ones."""
    settings = settle(layers)
    found = {name: getattr(settings, name) for name in ("vus", "duration_ns", "iterations", "rate")}
    assert {name: value for name, value in found.items() if value is not None} == expected
    given = {name for values in layers.values() for name in values if name in LOAD}
    assert set(settings.replaced) == given - {name.removesuffix("_ns") for name in expected}
    assert settings.as_given().keys() & set(LOAD) == {name.removesuffix("_ns") for name in expected}


@given(
    st.dictionaries(
        st.sampled_from([Layer.FILE, Layer.ENVIRONMENT, Layer.FLAG]), st.sets(st.sampled_from(LOAD)), max_size=3
    )
)
def test_no_two_layers_make_a_load(layers):
    def of(layer):
        return {name: Setting(layer, layer, layer.value) for name in layers.get(layer, ())}

    settings = Given(of(Layer.FILE), of(Layer.ENVIRONMENT), of(Layer.FLAG)).settle()
    latest = [layer for layer in LAYERS if layers.get(layer)][-1:]
    assert {one.layer for one in settings.given.values()} == set(latest)
    assert set(settings.given) == {name for layer in latest for name in layers[layer]}
    assert settings.given.keys() | settings.replaced.keys() == set().union(*layers.values())


def test_nothing_given_is_the_default(settle):
    settings = settle({})
    assert settings == RunSettings()
    assert {option.name: settings.value(option) for option in OPTIONS.values()} == {
        name: option.default for name, option in OPTIONS.items()
    }


def test_tables_add_up_key_by_key(settle):
    settings = settle(
        {
            Layer.FILE: {
                "tags": {"a": "file", "b": "file", "c": "file", "d": "file"},
                "env": {"X": 1, "Y": True, "Z": 1.5},
            },
            Layer.SCRIPT: {"tags": {"b": "script", "c": "script", "d": "script"}},
            Layer.ENVIRONMENT: {"tags": {"c": "environment", "d": "environment"}},
            Layer.FLAG: {"tags": {"d": "flag=1"}, "env": {"X": "flag"}},
        }
    )
    assert settings.tags == {"a": "file", "b": "script", "c": "environment", "d": "flag=1"}
    assert settings.env == {"X": "flag", "Y": "true", "Z": "1.5"}
    assert settings.given["tags.a"].source == "surgeline.toml:1"
    assert settings.given["tags.d"].source == "--tag"


def test_an_empty_variable_gives_nothing(settle):
    assert settle({Layer.FILE: {"vus": 3}, Layer.ENVIRONMENT: {"vus": ""}}).vus == 3


def test_only_what_a_command_has(tmp_path):
    (tmp_path / "surgeline.toml").write_text("vus = 3\nseed = 4\n")
    settings = read_given({}, {"SURGELINE_RATE": "5"}, tmp_path).settle(only=("seed",))
    assert (settings.vus, settings.rate, settings.seed) == (None, None, 4)
    assert list(settings.given) == ["seed"]


def test_a_base_url_of_the_file_is_for_scenarios_without_one(settle, tmp_path):
    def urls(layer):
        settings = settle({layer: {"base_url": "http://given/"}})
        (tmp_path / "script.py").write_text(
            "from surgeline import *\n" + SCENARIO + "@scenario(constant_vus(duration=1), base_url='http://own/')\n"
            "async def t(vu): pass\n"
        )
        plan = apply_overrides(load_script(tmp_path / "script.py"), settings.overrides)
        return [one.base_url for one in plan.scenarios]

    assert urls(Layer.FILE) == urls(Layer.SCRIPT) == ["http://given/", "http://own/"]
    assert urls(Layer.ENVIRONMENT) == urls(Layer.FLAG) == ["http://given/", "http://given/"]


# Bad values: (option, as TOML and Python have it, as text, what the message says of it)

BAD = [
    ("vus", 0, "0", "expected a whole number from 1 to 1,000,000, found 0"),
    ("vus", "many", "many", "expected a whole number from 1 to 1,000,000, found 'many'"),
    ("vus", 1.5, "1.5", "expected a whole number from 1"),
    ("vus", True, "true", "expected a whole number from 1"),
    ("duration", "soon", "soon", "expected a duration such as"),
    ("duration", 0, "0", "expected a duration above 0"),
    ("iterations", -1, "-1", "expected a whole number"),
    ("rate", [1], "1;", "expected a whole number"),
    ("base_url", "ftp://x", "ftp://x", "expected an http:// or https:// URL"),
    ("base_url", 80, "80", "expected an absolute URL such as http://localhost:8080, found"),
    ("base_url", "localhost:8080", "localhost:8080", "expected an absolute URL such as http://localhost:8080, found"),
    ("tags", {"scenario": "x"}, "scenario=x", "expected a tag of your own, found 'scenario'"),
    ("tags", {"status": 5}, "status=5", "expected a tag of your own, found 'status'"),
    ("tags", "team", "team", "expected"),
    ("tags", {"a": []}, "=x", "expected"),
    ("env", ["a"], "a", "expected"),
    ("scenario", 5, None, "expected a text or a list of texts, found 5"),
    ("no_thresholds", "maybe", "maybe", "expected true or false, found 'maybe'"),
    ("insecure", 1, "perhaps", "expected true or false"),
    ("seed", "x", "x", "expected a whole number"),
    ("workers", "some", "some", "or \"auto\", found 'some'"),
    ("workers", 0, "0", "expected a whole number from 1 to 1,024"),
    ("setup_timeout", "1 hour", "1 hour", "expected a duration"),
    ("teardown_timeout", 0, "0s", "expected a duration above 0"),
    ("control", "0.0.0.0:6565", "0.0.0.0:6565", "expected 127.0.0.1:PORT"),
    ("control", "localhost:70000", "localhost:70000", "expected 127.0.0.1:PORT"),
    ("control", [1], "here", "expected 127.0.0.1:PORT"),
    ("out", [1], None, "expected a text or a list of texts"),
    ("summary_trend_stats", "avg,p(101)", "avg,p(101)", "p(101)"),
    ("summary_trend_stats", 5, "median", "expected"),
    ("summary_export", 5, None, "expected a text such as 'results.json'"),
    ("run_dir", True, None, "expected a text"),
    ("no_run_file", "no such", "no such", "expected true or false"),
    ("quiet", 0.5, "silent", "expected true or false"),
]


def named(name, layer):
    return (
        f"options: {name}: "
        if layer is Layer.SCRIPT
        else {
            Layer.FILE: f"surgeline.toml:1: {name}: ",
            Layer.ENVIRONMENT: f"{OPTIONS[name].variable}: ",
            Layer.FLAG: f"{OPTIONS[name].flags[-1]}: ",
        }[layer]
    )


@pytest.mark.parametrize(("name", "value", "text", "message"), BAD)
def test_a_bad_value_names_who_gave_it(settle, name, value, text, message):
    option = OPTIONS[name]
    for layer in [one for one in LAYERS if one in option.layers]:
        bad = value if layer in (Layer.FILE, Layer.SCRIPT) else text
        if bad is None or (layer is Layer.FLAG and option.kind.shape is Shape.SWITCH):
            continue
        with pytest.raises((OptionError, ScriptError)) as caught:
            settle({layer: {name: [bad] if option.kind.shape is Shape.TABLE and layer is Layer.FLAG else bad}})
        found = str(caught.value)
        assert message in found, layer
        assert named(name, layer) in found, layer
        assert layer is Layer.SCRIPT or found.startswith(named(name, layer))
        assert layer is not Layer.SCRIPT or "script.py:2: " in found
        assert "\n" not in found


@pytest.mark.parametrize("name", [name for name, option in OPTIONS.items() if Layer.SCRIPT not in option.layers])
def test_what_a_script_says_otherwise_is_no_option_of_it(settle, name):
    with pytest.raises(ScriptError) as caught:
        settle({Layer.SCRIPT: {name: VALUES[name][0]}})
    assert f"script.py:2: options: {name} cannot be given in a script; expected {OPTIONS[name].flags[-1]}" in str(
        caught.value
    )


def test_an_unknown_option_in_a_script(settle):
    with pytest.raises(ScriptError, match=r"""script.py:2: options: .*found 'sed'; did you mean "seed"\?"""):
        settle({Layer.SCRIPT: {"sed": 1}})


def test_options_outside_of_a_script_are_checked_and_declare_nothing():
    options(seed=1)
    with pytest.raises(OptionError, match="options: seed: expected a whole number"):
        options(seed="x")


def test_the_last_of_two_declarations_counts(settle, tmp_path):
    (tmp_path / "script.py").write_text(
        "from surgeline import *\noptions(seed=1, tags={'a': 1})\noptions(seed=2)\n" + SCENARIO
    )
    settings = read_given({}, {}).settle(load_script(tmp_path / "script.py").options)
    assert (settings.seed, settings.tags) == (2, {"a": "1"})
    assert settings.given["seed"].source.endswith("script.py:3")


# The file


def config(folder, **files):
    for name, text in files.items():
        path = folder / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return lambda where=folder: read_given({}, {}, where).settle()


def test_the_nearest_file_counts(tmp_path):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    settle = config(tmp_path, surgeline="seed = 1\n")
    assert settle(below).seed == 1
    assert settle(below).given["seed"].source == "../../surgeline.toml:1"
    config(tmp_path / "a", pyproject="[project]\nname = 'x'\n\n[tool.surgeline]\nseed = 2\n")
    assert settle(below).seed == 2
    assert settle(below).given["seed"].source == "../pyproject.toml:5"
    config(tmp_path / "a", surgeline="seed = 3\n")
    assert settle(below).seed == 3
    config(below, surgeline="vus = 1\n")  # the nearest alone: files do not add up
    assert settle(below).seed is None


@pytest.mark.parametrize(
    "text", ["[project]\nname = 'surgeline'\n", "[tool.other]\nseed = 5\n", "this is [ no TOML, and not ours", "\0"]
)
def test_a_project_without_options_is_passed_by(tmp_path, text):
    settle = config(tmp_path, surgeline="seed = 1\n")
    config(tmp_path / "a", pyproject=text)
    assert settle(tmp_path / "a").seed == 1


def test_no_file_at_all_and_no_import_of_a_parser(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tomllib", None)
    assert read_given({}, {}, tmp_path).settle() == RunSettings()


WRONG_FILES = [
    ("surgeline", "seed = 1\nvus =\n", "surgeline.toml:2: expected TOML, found a syntax error: "),
    ("surgeline", "seed = 1\n[tags\n", "surgeline.toml:2: expected TOML"),
    ("surgeline", 'tags = {"a" = 1', "surgeline.toml:1: expected TOML"),
    ("surgeline", "seed = 1\nseed = 2\n", "surgeline.toml:2: expected TOML"),
    (
        "surgeline",
        "seed = 1\n\nvuss = 5\n",
        "surgeline.toml:3: expected an option, found 'vuss'; did you mean \"vus\"?",
    ),
    (
        "surgeline",
        "base-url = 'http://a'\n",
        "surgeline.toml:1: expected an option, found 'base-url'; did you mean \"base_url\"?",
    ),
    ("surgeline", "seed = 1\n[tagz]\na = 1\n", "surgeline.toml:2: expected an option, found 'tagz'"),
    ("surgeline", "[tool.surgeline]\nseed = 1\n", "surgeline.toml:1: expected an option, found 'tool'"),
    (
        "surgeline",
        "seed = 1\n[tags]\na = [1]\n",
        "surgeline.toml:2: tags: expected a text or a number for 'a', found [1]",
    ),
    ("pyproject", "[tool.x]\nvus = 0\n[tool.surgeline]\nvus = 0\n", "pyproject.toml:4: vus: expected a whole number"),
    ("pyproject", "[tool]\nx = 1\n[tool.surgeline]\nvus = \n", "pyproject.toml:4: expected TOML"),
    (
        "pyproject",
        "[tool]\nsurgeline = 5 # tool.surgeline\n",
        "pyproject.toml:2: expected a table [tool.surgeline], found 5",
    ),
]


@pytest.mark.parametrize(("name", "text", "message"), WRONG_FILES)
def test_a_wrong_file_is_one_message_with_its_line(tmp_path, name, text, message):
    settle = config(tmp_path, **{name: text})
    with pytest.raises(OptionError) as caught:
        settle()
    assert str(caught.value).startswith(message), caught.value
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "surgeline.toml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(OptionError, match=r"^surgeline.toml: expected a TOML file that can be read"):
        read_given({}, {}, tmp_path)


def test_where_in_the_file(tmp_path):
    settle = config(
        tmp_path,
        pyproject='# seed = 1\n[tool.surgeline]\n"seed" = 1\nout = [\n  "json=x",\n]\nenv.X = "1"\n\n'
        "[tool.surgeline.tags]\nseed = 'a'\nteam = 'red'\n",
    )
    sources = {name: setting.source for name, setting in settle().given.items()}
    assert sources == {
        "seed": "pyproject.toml:3",
        "out": "pyproject.toml:4",
        "env.X": "pyproject.toml:7",
        "tags.seed": "pyproject.toml:10",
        "tags.team": "pyproject.toml:11",
    }


# The environment


def test_unknown_variables_are_remarked(tmp_path):
    environ = {"SURGELINE_VU": "5", "SURGELINE_TAG": "a=b", "SURGELINE_ENV": "x", "OTHER": "1", "SURGELINE_XYZZY": ""}
    remarks = read_given({}, environ | dict.fromkeys(OTHER_VARIABLES, "1"), tmp_path).remarks
    assert remarks[:2] == (
        'SURGELINE_VU is ignored: there is no option "vu" for a variable; did you mean "vus"?',
        'SURGELINE_TAG is ignored: there is no option "tag" for a variable; did you mean "tags"?',
    )
    assert [one.partition(" ")[0] for one in remarks[2:]] == ["SURGELINE_ENV", "SURGELINE_XYZZY"]


def test_lists_and_tables_in_variables(tmp_path):
    environ = {"SURGELINE_OUT": "json=a.json, csv=b.csv", "SURGELINE_TAGS": " a=1,b=x=y ", "SURGELINE_SCENARIO": "one,"}
    settings = read_given({}, environ, tmp_path).settle()
    assert settings.out == ("json=a.json", "csv=b.csv")
    assert settings.tags == {"a": "1", "b": "x=y"}
    assert settings.scenario == ("one",)


# The table itself


def test_every_field_of_the_settings_is_an_option():
    names = [one.name.removesuffix("_ns") for one in dataclasses.fields(RunSettings) if one.metadata]
    assert [*names, "given", "replaced"] == [one.name.removesuffix("_ns") for one in dataclasses.fields(RunSettings)]
    assert names == list(OPTIONS)


def test_variables_and_flags_are_named_after_the_option():
    for name, option in OPTIONS.items():
        assert option.variable == (None if name == "env" else f"SURGELINE_{name.upper()}")
        assert any(flag.strip("-").replace("-", "_") in (name, name.removesuffix("s")) for flag in option.flags)
    flags = [flag for option in OPTIONS.values() for flag in option.flags]
    assert len(set(flags)) == len(flags)


@pytest.mark.parametrize("command", ["run", "inspect", "http"])
def test_flags_of_commands_are_those_of_the_table(command):
    from surgeline.cli.http import RUN_OPTIONS
    from surgeline.cli.main import surgeline

    params = {one.name: one for one in surgeline.get_command(click.Context(surgeline), command).params}
    names = set(RUN_OPTIONS) if command == "http" else set(OPTIONS)
    assert names <= set(OPTIONS)
    for name in names:
        option, param = OPTIONS[name], params[name]
        assert set(param.opts) == set(option.flags)
        assert param.help == option.help
        assert param.is_flag is (option.kind.shape is Shape.SWITCH)
        assert param.multiple is (option.kind.shape in (Shape.LIST, Shape.TABLE))
    if command != "http":
        assert set(params) - names <= {"script", "as_json"}


@pytest.mark.parametrize("option", OPTIONS.values(), ids=list(OPTIONS))
def test_values_read_back_from_their_text(option):
    for value in VALUES[option.name]:
        checked = option.kind.check(value, "x")
        assert option.kind.parse(option.kind.show(checked), "x") == checked
    if option.default_text is not None:
        assert option.kind.parse(option.default_text, "x") == option.default


def test_settings_as_written_are_json(settle):
    settings = settle(
        {
            layer: {name: values[i] for name, values in VALUES.items() if layer in OPTIONS[name].layers}
            for i, layer in enumerate(LAYERS)
        }
    )
    written = json.loads(json.dumps(settings.as_written()))
    assert written["duration"] == "500ms"
    assert written["setup_timeout"] == "4s"
    assert written["run_dir"] == "e"
    assert written["out"] == ["github"]
    assert written["seed"] == 2**40


def test_workers_auto_is_every_core_that_may_be_used(tmp_path):
    cores = min(len(os.sched_getaffinity(0)), MOST_WORKERS)
    assert read_given({"workers": "auto"}, {}, tmp_path).settle().workers == cores
    assert read_given({}, {"SURGELINE_WORKERS": "auto"}, tmp_path).settle().workers == cores


@given(st.integers(1, 10**17))
def test_any_duration_reads_back(nanoseconds):
    nanoseconds -= nanoseconds % 1000
    if nanoseconds:
        assert DURATION.parse(DURATION.show(nanoseconds), "x") == nanoseconds


_ITEMS = st.text(st.characters(exclude_characters=",", exclude_categories=["Cc", "Cs", "Z"]), min_size=1)


@given(st.lists(_ITEMS))
def test_any_list_without_commas_reads_back(items):
    assert TEXTS.parse(TEXTS.show(tuple(items)), "x") == tuple(items)


@given(st.dictionaries(_ITEMS.filter(lambda key: "=" not in key), _ITEMS))
def test_any_table_without_commas_reads_back(items):
    assert TABLE.parse(TABLE.show(items), "x") == items


@given(st.text())
def test_a_switch_takes_words_and_refuses_the_rest(text):
    try:
        value = SWITCH.parse(text, "x")
    except OptionError as error:
        assert str(error).startswith("x: expected true or false")  # noqa: PT017 - either is right
    else:
        assert text.lower() in (("1", "true", "yes", "on") if value else ("0", "false", "no", "off"))


# What env() was asked for


def test_env_is_remembered_with_where_it_came_from(tmp_path, monkeypatch):
    path = tmp_path / "script.py"
    path.write_text(
        "from surgeline import *\n"
        "env('A', 1); env('A', 1); env('A', 2); env('B', 'x'); env('C', True); env('D', 0.5); env('E')\n" + SCENARIO
    )
    monkeypatch.setenv("C", "no")
    monkeypatch.setenv("D", "2")
    values = load_script(path, {"A": "5", "E": "e"}, {"B": "stored", "D": "stored"}).env_values
    assert [(one.name, one.default, one.value, one.layer.value) for one in values] == [
        ("A", 1, 5, "flag"),
        ("A", 2, 5, "flag"),
        ("B", "x", "stored", "file"),
        ("C", True, False, "environment"),
        ("D", 0.5, 2.0, "environment"),
        ("E", None, "e", "flag"),
    ]
    assert [one.layer for one in load_script(path, {"E": "1", "C": "1", "D": "1"}).env_values[:2]] == [
        Layer.DEFAULT
    ] * 2
