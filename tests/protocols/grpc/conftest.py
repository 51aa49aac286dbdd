"""One compiled description of the service, and a server of it for each test."""

import shutil
import subprocess
import sys

import grpc_lab
import pytest


@pytest.fixture(scope="session")
def described(tmp_path_factory):
    """The file of the descriptor set."""
    folder = tmp_path_factory.mktemp("described")
    (folder / "common.proto").write_text(grpc_lab.COMMON)
    (folder / "events.proto").write_text(grpc_lab.EVENTS)
    command = [sys.executable, "-m", "grpc_tools.protoc", "--include_imports", "-I.", "--descriptor_set_out=set.bin"]
    subprocess.run([*command, "events.proto"], cwd=folder, check=True)
    return folder / "set.bin"


@pytest.fixture
def schema(described):
    return grpc_lab.schema_at(described)


@pytest.fixture
def server(schema):
    with grpc_lab.serving(schema) as server:
        yield server


@pytest.fixture
def folder(tmp_path, described):
    """Where a script finds the descriptor set."""
    shutil.copy(described, tmp_path / "set.bin")
    return tmp_path
