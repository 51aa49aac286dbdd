import pytest
from cli_support import CountingServer, surgeline


@pytest.fixture(scope="module")
def server():
    with CountingServer() as server:
        yield server


@pytest.fixture
def script(tmp_path):
    """Write a script; returns its path."""

    def write(text, name="script.py"):
        path = tmp_path / name
        path.write_text("import asyncio, os, sys, time\nfrom surgeline import *\n" + text)
        return path

    return write


@pytest.fixture
def run(tmp_path):
    """Run `surgeline run` in the folder of the scripts."""
    return lambda path, *options, **more: surgeline("run", path, *options, cwd=tmp_path, **more)
