"""What the documents say is true: scripts run, commands parse, links lead somewhere."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from documents import DOCUMENTS, ROOT, Block, anchors, blocks, links

from surgeline.cli.main import surgeline
from surgeline.script.load import load_script

BASE_URL = "http://127.0.0.1:8080"
"""Where the services of the examples are."""
SHORT = "300ms"
ANY_SCENARIO = """
from surgeline import constant_vus as _vus, scenario as _scenario

@_scenario(_vus(vus=1, duration="1s"))
async def any_scenario(vu):
    pass
"""

PYTHON = blocks("python")
CONSOLE = blocks("console")


def is_script(block: Block) -> bool:
    return "@scenario" in block.text


def run(command: list[str] | str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        shell=isinstance(command, str),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("block", [block for block in PYTHON if is_script(block)], ids=str)
def test_a_script_runs(block: Block, tmp_path: Path, base_url: str, request: pytest.FixtureRequest) -> None:
    variables = {}
    if "needs" in block.marks:
        assert block.marks["needs"] == "postgresql"
        variables["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    (tmp_path / "script.py").write_text(block.text, encoding="utf-8")
    load = shlex.split(block.marks.get("load", "--iterations 2"))
    options = [*shlex.split(block.marks.get("args", "")), *load, "--base-url", base_url, "--seed", "1", "--quiet"]

    done = run([sys.executable, "-m", "surgeline", "run", "script.py", *options], tmp_path, **variables)

    expected = [int(code) for code in block.marks.get("exit", "0").split()]
    assert done.returncode in expected, told(done)
    assert "ITERATION ERRORS" not in done.stdout, told(done)
    assert "✗" not in done.stdout, told(done)


@pytest.mark.parametrize("block", [block for block in PYTHON if not is_script(block)], ids=str)
def test_a_fragment_can_stand_in_a_script(block: Block, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id,name\n1,ada\n", encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(block.text + ANY_SCENARIO, encoding="utf-8")

    load_script(script)


@pytest.mark.parametrize("block", [block for block in CONSOLE if "run" in block.marks], ids=str)
def test_commands_run(block: Block, tmp_path: Path, base_url: str) -> None:
    for script in (other for other in PYTHON if "file" in other.marks and other.document == block.document):
        (tmp_path / script.marks["file"]).write_text(shortened(script.text, base_url), encoding="utf-8")
    for command in commands(block):
        if shutil.which(command.split()[0]) or command.startswith("surgeline"):
            done = run(shortened(command, base_url), tmp_path)
            # A busy machine may be too slow for a rate; that is no mistake of the document.
            assert done.returncode in (0, 112), f"{command}: {told(done)}"


def shortened(text: str, base_url: str) -> str:
    text = re.sub(r'duration="\w+"', f'duration="{SHORT}"', text.replace(BASE_URL, base_url))
    return re.sub(r"(-d|--duration) \w+", rf"\1 {SHORT}", text)


def commands(block: Block) -> list[str]:
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]


def every_command() -> list[str]:
    """All command lines of surgeline in the documents, wherever they stand."""
    found = []
    for document in DOCUMENTS:
        for line in document.read_text(encoding="utf-8").splitlines():
            match = re.match(r"(?:\$ |    )(?:[A-Z_]+=\S+ )*(surgeline (?:run|http|demo) .*)", line)
            if match and "[OPTIONS]" not in line:
                found.append(match[1])
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
