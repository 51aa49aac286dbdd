"""What the documents say is true: scripts run, commands parse, links lead somewhere."""

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from documents import DOCUMENTS, ROOT, Block, anchors, blocks, links
from examples import BASE_URL, commands, divided, patient, programs, run, shortened, told, write_data_files, write_files

from healthy_generator import COMMAND
from surgeline.cli.main import surgeline
from surgeline.script.load import load_script

COMMANDS = surgeline.list_commands(click.Context(surgeline))
NEEDS = {
    "postgresql": ("DATABASE_URL", "postgres_url"),
    "websocket": ("WEBSOCKET_URL", "websocket_url"),
    "grpc": ("GRPC_TARGET", "grpc_target"),
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


def is_script(block: Block) -> bool:
    return re.search(r"\bscenario\(", block.text) is not None


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
    write_files(block.document, tmp_path, base_url)
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
    write_files(block.document, tmp_path, BASE_URL)
    script = tmp_path / "script.py"
    script.write_text(block.text + ANY_SCENARIO, encoding="utf-8")

    load_script(script)


@pytest.mark.parametrize("block", [block for block in CONSOLE if "run" in block.marks], ids=str)
def test_commands_run(block: Block, tmp_path: Path, base_url: str) -> None:
    write_files(block.document, tmp_path, base_url)
    for command in commands(block):
        if all(shutil.which(program) or program == "surgeline" for program in programs(command)):
            done = run(shortened(command, base_url), tmp_path)
            # A busy machine may be too slow for a rate; that is no mistake of the document.
            assert done.returncode in (0, 112), f"{command}: {told(done)}"


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
    if isinstance(sub_command, click.Group) and (arguments or not sub_command.invoke_without_command):
        name, *arguments = arguments
        sub_command = sub_command.get_command(click.Context(sub_command), name)
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
