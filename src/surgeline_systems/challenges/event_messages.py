"""The messages of `events.proto`, compiled when they are first asked for: no generated code is kept.

It must not know what becomes of an event.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message_factory import GetMessageClassesForFiles

from surgeline_systems.servers.launch import ServerError

PROTO = Path(__file__).with_name("events.proto")
SERVICE = "challenges.EventHandler"


def message_classes() -> Mapping[str, Any]:
    """The class of each message, by its name within the package. Raises: ServerError."""
    pool = descriptor_pool.DescriptorPool()
    for file in _compiled().file:
        pool.Add(file)
    classes = GetMessageClassesForFiles([PROTO.name], pool)
    return {name.rpartition(".")[2]: kind for name, kind in classes.items()}


def _compiled() -> FileDescriptorSet:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "descriptors"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO.parent}", f"--descriptor_set_out={target}"]
        done = subprocess.run([*command, str(PROTO)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"expected protoc to compile {PROTO.name}, found: {done.stderr.strip()}")
        return FileDescriptorSet.FromString(target.read_bytes())
