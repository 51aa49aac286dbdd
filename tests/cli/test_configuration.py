"""Options from files, the environment and the script, as the command takes them."""

import json
import subprocess
import sys

import pytest
from cli_support import environment, surgeline

SCRIPT = """
options(tags={"from": "script"})
print(env("GREETING", "none"), env("PLACE", "nowhere"), file=sys.stderr)

@scenario(shared_iterations(vus=1, iterations=4))
async def s(vu):
    await vu.http.get("/")
"""


def test_a_run_by_file_environment_and_flags(script, run, server, tmp_path):
    (tmp_path / "surgeline.toml").write_text(
        f'base_url = "{server.url}"\nquiet = true\niterations = 10\nsummary_export = "out.json"\n'
        '[env]\nGREETING = "stored"\nPLACE = "file"\n'
    )
    ended = run(
        script(SCRIPT), "-e", "PLACE=flag", env={"SURGELINE_ITERATIONS": "6", "SURGELINE_SUMMARY_TREND_STATS": "med"}
    )
    assert (ended.code, ended.err) == (0, "stored flag\n")
    metrics = json.loads((tmp_path / "out.json").read_text())["metrics"]
    assert metrics["iterations"]["values"]["count"] == 6
    assert set(metrics["http_req_duration"]["values"]) == {"med"}
    ended = run(script(SCRIPT), "--iterations", "3", env={"SURGELINE_ITERATIONS": "6", "GREETING": "outside"})
    assert ended.err == "outside file\n"
    metrics = json.loads((tmp_path / "out.json").read_text())["metrics"]
    assert metrics["iterations"]["values"]["count"] == 3


def test_workers_make_the_same_plan_from_the_same_options(script, run, server, tmp_path):
    (tmp_path / "surgeline.toml").write_text('workers = 2\nquiet = true\n[env]\nWHERE = "/stored"\n')
    path = script(
        "@scenario(shared_iterations(vus=4, iterations=100))\n"
        "async def s(vu):\n    await vu.http.get(env('WHERE') + env('MORE'))\n"
    )
    before = server.requests
    ended = run(path, "-e", "MORE=/flag", "--iterations", "8", env={"SURGELINE_BASE_URL": server.url})
    assert (ended.code, ended.err) == (0, "")
    assert server.paths[before:] == ["/stored/flag"] * 8


ASKS_LATER = """
@setup
async def prepare(vu):
    return env("API_TOKEN")

def third():
    return env("_".join(("THIRD", "TOKEN")))  # a name that stands nowhere

@scenario(per_vu_iterations(vus=1, iterations=2), env={"OWN_SECRET": "own-hidden-4"})
async def s(vu):
    await vu.http.get("/" + env("OWN_SECRET") + "/" + env("OTHER_PASSWORD"))
    if third():
        raise RuntimeError(f"could not log in with {vu.data}, {third()} or {env('OTHER_PASSWORD')}")
"""
HIDDEN = {"API_TOKEN": "api-hidden-1", "OTHER_PASSWORD": "other-hidden-2", "THIRD_TOKEN": "third-hidden-3"}


@pytest.mark.parametrize("given_by", ["flags", "file", "environment"])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_asked_for_late_is_a_secret_too(script, run, server, tmp_path, given_by, workers):
    flags = [f"-e{name}={value}" for name, value in HIDDEN.items()] if given_by == "flags" else []
    if given_by == "file":
        (tmp_path / "surgeline.toml").write_text(
            "[env]\n" + "".join(f'{name} = "{one}"\n' for name, one in HIDDEN.items())
        )
    # What is asked for in another process, by a name that stands nowhere, is not heard of.
    script_text = ASKS_LATER if workers == 1 else ASKS_LATER.replace('"_".join(("THIRD", "TOKEN"))', '"THIRD_TOKEN"')
    environ = HIDDEN if given_by == "environment" else {}
    ended = run(script(script_text), "--base-url", server.url, "--workers", str(workers), *flags, env=environ)
    assert ended.code == 0
    assert server.paths[-1] == "/own-hidden-4/other-hidden-2"
    content = b"".join(path.read_bytes() for path in (tmp_path / ".surgeline" / "runs").iterdir())
    assert b"could not log in" in content
    assert b"hidden" not in content


@pytest.mark.parametrize(
    ("file", "env", "flags", "message"),
    [
        ("vus = 0\n", {}, [], "surgeline.toml:1: vus: expected a whole number"),
        ("vus =\n", {}, [], "surgeline.toml:1: expected TOML"),
        ("sed = 1\n", {}, [], "surgeline.toml:1: expected an option, found 'sed'; did you mean \"seed\"?"),
        ("", {"SURGELINE_VUS": "no"}, [], "SURGELINE_VUS: expected a whole number from 1 to 1,000,000, found 'no'"),
        ("", {"SURGELINE_SCENARIO": "x"}, [], "SURGELINE_SCENARIO: expected one of s, found 'x'"),
        ("scenario = 'x'\n", {}, [], "surgeline.toml:1: scenario: expected one of s, found 'x'"),
        ("rate = 1\niterations = 1\n", {}, [], "surgeline.toml:1: rate and surgeline.toml:2: iterations: expected one"),
        ("rate = 1\n", {}, ["--iterations", "1", "--rate", "2"], "--rate and --iterations: expected one of them"),
        ("", {"SURGELINE_SUMMARY_EXPORT": "no/x"}, [], "SURGELINE_SUMMARY_EXPORT: expected a file that can be written"),
        ("", {}, ["--summary-export", "."], "--summary-export: expected a file that can be written"),
    ],
)
def test_what_is_wrong_names_who_gave_it_and_nothing_is_sent(script, run, server, tmp_path, file, env, flags, message):
    (tmp_path / "surgeline.toml").write_text(file)
    before = server.requests
    ended = run(script(SCRIPT), "--base-url", server.url, *flags, env=env)
    assert (ended.code, ended.out) == (104, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert server.requests == before


def test_a_load_by_flags_takes_the_place_of_another(script, run, server, tmp_path):
    (tmp_path / "surgeline.toml").write_text("iterations = 1000\n")
    environ = {"SURGELINE_BASE_URL": server.url, "SURGELINE_RATE": "50"}
    for flags, says in (
        (["--iterations", "3"], "3 iterations shared"),
        (["--vus", "2", "--duration", "100ms"], "2 virtual users for 100ms"),
        (["--rate", "10", "--duration", "300ms"], "10/s for 300ms"),
    ):
        ended = run(script(SCRIPT), *flags, env=environ)
        assert (ended.code, says in ended.out) == (0, True), ended


def test_an_unknown_variable_is_a_message(script, run, server):
    ended = run(script(SCRIPT), "--base-url", server.url, env={"SURGELINE_VU": "5"})
    assert ended.code == 0
    assert 'SURGELINE_VU is ignored: there is no option "vu"' in ended.err


def test_http_takes_what_it_has_from_the_same_places(tmp_path, server):
    (tmp_path / "pyproject.toml").write_text('[tool.surgeline]\nvus = 5\nsummary_trend_stats = ["count"]\n')
    ended = surgeline(
        "http", server.url, "-n", "3", "-q", cwd=tmp_path, env={"SURGELINE_SEED": "77", "SURGELINE_RATE": "9"}
    )
    assert (ended.code, ended.err) == (0, "")
    assert "seed 77" in ended.out
    assert "p(95)" not in ended.out
    ended = surgeline("http", server.url, "-n", "3", cwd=tmp_path, env={"SURGELINE_SEED": "x"})
    assert ended.code == 104
    assert "SURGELINE_SEED: expected a whole number" in ended.err


def test_help_names_every_option(tmp_path):
    ended = surgeline("run", "--help", cwd=tmp_path)
    assert "[default: .surgeline/runs]" in " ".join(ended.out.split())
    assert "SURGELINE_VUS" in ended.out


def test_what_a_command_does_not_need_is_not_imported(tmp_path):
    """Reading options must not make every start slower: no TOML without a file, no chart without `inspect`."""
    late = {"tomllib", "surgeline.report.plan", "rich.console", "surgeline.cli.inspect"}
    code = f"import sys, surgeline.cli.run; print(sorted({late} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment(), check=True
    )
    assert done.stdout == "[]\n"
