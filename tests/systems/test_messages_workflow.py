"""The example workflow and the guide of the messages system: every command in them is one that we take."""

import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner

from surgeline.cli.main import surgeline
from surgeline.seeding.url import parse_url, refuse_unless_test
from surgeline_systems.by_hand import commands
from surgeline_systems.messages.system import SYSTEM

FILE = SYSTEM.folder / "github-actions.yml"
ROOT = SYSTEM.folder.parents[2]
WORKFLOW = yaml.safe_load(FILE.read_text())
JOB = WORKFLOW["jobs"]["load"]
BY_HAND = "python -m surgeline_systems.messages "
README = (SYSTEM.folder / "README.md").read_text().replace("…/", "src/surgeline_systems/messages/")
# In a block of code, with or without a prompt, or in the text between backticks.
IN_README = re.compile(rf"(?:^ *(?:\$ )?|`)((?:surgeline|{BY_HAND.strip()}) [^`#\n]+)", re.MULTILINE)


def our_commands() -> Iterator[str]:
    for suite in JOB["strategy"]["matrix"]["suite"]:
        for step in JOB["steps"]:
            for line in step.get("run", "").replace("${{ matrix.suite }}", suite).splitlines():
                if line.startswith(("surgeline ", BY_HAND)):
                    yield line.partition(" > ")[0]


@pytest.mark.parametrize("command", dict.fromkeys([*our_commands(), *map(str.strip, IN_README.findall(README))]))
def test_every_command_of_ours_is_one_that_we_take(command: str):
    by_hand = command.startswith(BY_HAND)
    arguments = shlex.split(command.removeprefix(BY_HAND if by_hand else "surgeline "))
    # With --help nothing is done; but options that there are not are refused before.
    done = CliRunner().invoke(commands(SYSTEM) if by_hand else surgeline, [*arguments, "--help"])
    assert done.exit_code == 0, done.output
    for argument in arguments:
        assert not argument.startswith("src/") or (ROOT / argument).is_file()


def test_the_guide_has_all_suites_and_steps():
    found = IN_README.findall(README)
    assert {f"{BY_HAND}{step}" for step in ("migrate", "seed", "serve")} <= set(found)
    assert all(any(suite.name in command for command in found) for suite in SYSTEM.suites)


def test_all_suites_and_all_steps_are_there():
    assert JOB["strategy"]["matrix"]["suite"] == [suite.name for suite in SYSTEM.suites]
    found = [command.split(" src/")[0] for command in our_commands()][:5]
    assert found == [
        f"{BY_HAND}migrate",
        "surgeline seed apply",
        f"{BY_HAND}serve",
        "surgeline doctor",
        "surgeline run",
    ]


def test_an_option_that_there_is_not_would_be_seen():
    assert CliRunner().invoke(surgeline, ["run", "peak.py", "--summary", "x", "--help"]).exit_code == 2


def test_results_are_kept_whatever_happens():
    last = JOB["steps"][-1]
    assert last["uses"].startswith("actions/upload-artifact@")
    assert last["if"] == "always()"
    assert {"report.xml", "summary.json", ".surgeline/runs/"} <= set(last["with"]["path"].split())


def test_the_database_is_the_one_that_the_system_uses_and_one_for_tests():
    url = WORKFLOW["env"]["DATABASE_URL"]
    server = JOB["services"]["postgres"]["env"]
    named = urlsplit(url)
    assert (named.username, named.password, named.path[1:]) == tuple(server.values())
    assert named.path[1:] == SYSTEM.database
    refuse_unless_test(parse_url(url), None)
