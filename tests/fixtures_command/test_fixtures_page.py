"""The page on fixtures, followed from top to bottom in one folder: its commands run, and say what it says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from oauth_server import environment, serving, token_for

from surgeline.cli.fixtures import command
from surgeline.fixtures.catalogue import make_catalogue
from surgeline.fixtures.users import make_users

PAGE = (Path(__file__).parents[2] / "docs" / "fixtures.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:^<!-- test: (?P<marks>.*?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
BLOCKS = [found.groupdict() for found in BLOCK.finditer(PAGE)]
ENDPOINT = "https://auth.example.com/oauth/token"
USERS_OF_A_SERVER = 100
"""As many as the page has would take ten seconds."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    for name in ("client-secret.txt", "password.txt"):
        (folder / name).write_text("s3cret")
    for block in BLOCKS:
        if (block["marks"] or "").startswith("file "):
            (folder / block["marks"].removeprefix("file ")).write_text(block["text"])
    return folder


def shell(text, folder):
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-e", "-c", f"exec 2>&1\n{text}"],
        cwd=folder,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the page makes a secret by openssl")
def test_the_page_can_be_followed(folder):
    with serving(token_for) as server:
        for block in (block for block in BLOCKS if block["language"] == "console"):
            follow(block["text"], folder, server.url)
    (asked,) = {json.dumps(asked.form | {"username": ""}, sort_keys=True) for asked in server.asked}
    assert json.loads(asked) == {"grant_type": "password", "username": "", "password": "s3cret", "scope": "play"}
    assert len(server.asked) == len(json.loads((folder / "fixtures" / "tokens.json").read_text())) == USERS_OF_A_SERVER


def follow(text, folder, url):
    if ENDPOINT in text:
        shell(f"surgeline fixtures users --count {USERS_OF_A_SERVER}", folder)
        text = text.replace(ENDPOINT, url).replace("10,000", str(USERS_OF_A_SERVER))
    lines = text.splitlines()
    done = shell("\n".join(line.removeprefix("$ ") for line in lines if line.startswith("$ ")), folder)
    assert done.returncode == 0, (text, done.stdout)
    said = [without_what_changes(line) for line in done.stdout.splitlines()]
    for line in (line for line in lines if not line.startswith("$ ")):
        assert without_what_changes(line) in said, done.stdout


def without_what_changes(line):
    """When tokens of a server end is different each day, how long they are is its own affair, and keys vary."""
    return re.sub(r"(?<=all valid until ).*|(?<=a private key, )\S+", "", line)


def test_the_script_of_the_page_runs(folder):
    with serving(token_for) as server:
        making = "surgeline fixtures users --count 5\nsurgeline fixtures tokens\nsurgeline fixtures catalogue"
        load = "surgeline run play.py --iterations 3 --no-run-file --quiet --base-url " + server.url.removesuffix(
            "/oauth/token"
        )
        done = shell(f"{making}\n{load}", folder)
        tokens = {one["token"] for one in json.loads((folder / "fixtures" / "tokens.json").read_text())}
        bearers = {asked.headers["authorization"].removeprefix("Bearer ") for asked in server.asked}
    assert done.returncode in (0, 112), done.stdout
    assert len(server.asked) == 3
    assert bearers <= tokens


def test_what_the_page_shows_of_files_stands_in_them():
    made = [make_users(1, 1), *(challenge["goals"] for challenge in make_catalogue(10, 50, 1))]
    shown = [json.loads(block["text"]) for block in BLOCKS if block["language"] == "json"]
    assert len(shown) == 2
    assert [one for one in shown if not any(one in elements for elements in made)] == []


def test_every_option_is_on_the_page():
    options = {
        option.opts[-1]
        for one in command.commands.values()
        for option in one.params
        if isinstance(option, click.Option)
    }
    assert [option for option in sorted(options - {"--users"}) if option not in PAGE] == []
