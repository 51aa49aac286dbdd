"""What the documents say is true: scripts run, commands parse, links lead somewhere."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest
import trustme
from documents import DOCUMENTS, ROOT, Block, anchors, blocks, links

from healthy_generator import COMMAND
from surgeline.cli.main import surgeline
from surgeline.schedule.duration import parse_duration
from surgeline.script.load import load_script

COMMANDS = surgeline.list_commands(click.Context(surgeline))
BASE_URL = "http://127.0.0.1:8080"
"""Where the services of the examples are."""
SHORT = "300ms"
NEEDS = {
    "postgresql": ("DATABASE_URL", "postgres_url"),
    "websocket": ("WEBSOCKET_URL", "websocket_url"),
    "cache": ("CACHE_PORT", "cache_port"),
}
"""What a script finds the address of in which variable, and the fixture that knows it."""
ANY_SCENARIO = """
from surgeline import constant_vus as _vus, scenario as _scenario

@_scenario(_vus(vus=1, duration="1s"))
async def any_scenario(vu):
    pass
"""

PYTHON = blocks("python")
CONSOLE = blocks("console")
FILES = [block for block in [*PYTHON, *blocks("toml")] if "file" in block.marks]


def is_script(block: Block) -> bool:
    return re.search(r"\bscenario\(", block.text) is not None


def run(command: list[str] | str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        shell=isinstance(command, str),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("block", [block for block in PYTHON if is_script(block)], ids=str)
def test_a_script_runs(block: Block, tmp_path: Path, base_url: str, request: pytest.FixtureRequest) -> None:
    variables = {}
    if "needs" in block.marks:
        variable, fixture = NEEDS[block.marks["needs"]]
        variables[variable] = request.getfixturevalue(fixture)
    as_written = "short" in block.marks
    text = divided(block.text, int(block.marks["short"] or 100)) if as_written else block.text
    (tmp_path / "script.py").write_text(patient(text), encoding="utf-8")
    write_data_files(tmp_path)
    load = shlex.split(block.marks.get("load", "" if as_written else "--iterations 2"))
    options = [*shlex.split(block.marks.get("args", "")), *load, "--base-url", base_url, "--seed", "1", "--quiet"]

    done = run([*COMMAND, "run", "script.py", *options], tmp_path, **variables)

    expected = [int(code) for code in block.marks.get("exit", "0").split()]
    assert done.returncode in expected, told(done)
    assert "ITERATION ERRORS" not in done.stdout, told(done)
    assert "✗" not in done.stdout, told(done)


@pytest.mark.parametrize("block", [block for block in PYTHON if not is_script(block)], ids=str)
def test_a_fragment_can_stand_in_a_script(block: Block, tmp_path: Path) -> None:
    write_data_files(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(block.text + ANY_SCENARIO, encoding="utf-8")

    load_script(script)


@pytest.mark.parametrize("block", [block for block in CONSOLE if "run" in block.marks], ids=str)
def test_commands_run(block: Block, tmp_path: Path, base_url: str) -> None:
    for file in (other for other in FILES if other.document == block.document):
        (tmp_path / file.marks["file"]).write_text(shortened(file.text, base_url), encoding="utf-8")
    for command in commands(block):
        if all(shutil.which(program) or program == "surgeline" for program in programs(command)):
            done = run(shortened(command, base_url), tmp_path)
            # A busy machine may be too slow for a rate; that is no mistake of the document.
            assert done.returncode in (0, 112), f"{command}: {told(done)}"


def write_data_files(folder: Path) -> None:
    (folder / "users.csv").write_text("id,name\n1,ada\n2,grace\n", encoding="utf-8")
    (folder / "video.bin").write_bytes(bytes(300_000))
    for name, content in certificates().items():
        (folder / name).write_bytes(content)


@cache
def certificates() -> dict[str, bytes]:
    """What the examples of TLS name: an authority, and a client's certificate with its key."""
    authority = trustme.CA()
    client = authority.issue_cert("client.example.com")
    return {
        "ca.pem": authority.cert_pem.bytes(),
        "client.pem": client.cert_chain_pems[0].bytes(),
        "client.key": client.private_key_pem.bytes(),
    }


def divided(text: str, by: int) -> str:
    """Return a script whose executors are as they are, and all of whose durations are so many times shorter.

    Those of thresholds are whole seconds: they become one.
    """
    text = re.sub(r"\b(over|after) \d+[smh]", r"\1 1s", text)
    durations = r'"((\d+(ms|s|m|h))+)"'
    return re.sub(durations, lambda found: f'"{parse_duration(found[1]) / 1e6 / by:g}ms"', text)


def shortened(text: str, base_url: str) -> str:
    text = re.sub(r'duration="\w+"', f'duration="{SHORT}"', patient(text).replace(BASE_URL, base_url))
    return re.sub(r"(-d|--duration) \w+", rf"\1 {SHORT}", text)


def patient(text: str) -> str:
    """Return a script whose thresholds allow a busy machine a thousand times as long."""
    return re.sub(r"\b(avg|med|max|p\([\d.]+\))<(\d+)", r"\1<\g<2>000", text)


def commands(block: Block) -> list[str]:
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]


def programs(command: str) -> list[str]:
    """Return the programs of a pipeline, without the variables that stand before them."""
    return [re.sub(r"^([A-Z_]+=\S+ )*", "", part.strip()).split()[0] for part in command.split("|")]


def every_command() -> list[str]:
    """All command lines of surgeline in the documents, wherever they stand."""
    found = []
    for document in DOCUMENTS:
        for line in document.read_text(encoding="utf-8").splitlines():
            match = re.match(r"(?:\$ |    )(?:[A-Z_]+=\S+ )*(surgeline .*)", line)
            if match and "[OPTIONS]" not in line and match[1].split()[1] in COMMANDS:
                found.append(re.split(r" (?:\||2?>) ", match[1])[0])
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("command", every_command())
def test_a_command_has_options_that_exist(command: str) -> None:
    _, name, *arguments = shlex.split(command, comments=True)
    sub_command = surgeline.get_command(click.Context(surgeline), name)
    assert sub_command is not None

    sub_command.make_context(name, arguments)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in links(document):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def test_the_map_names_every_document() -> None:
    index = ROOT / "docs" / "index.md"
    expected = {path.name for path in index.parent.glob("*.md")} - {index.name}

    assert expected <= set(links(index))
