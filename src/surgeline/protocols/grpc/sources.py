"""Where descriptions of services come from that are files: .proto files, compiled when a script is loaded, and
descriptor sets. Whatever is wrong with one is said before anything is sent.

No code is generated, and nothing is left beside the user's files. Must not know what the descriptions are used for.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import DecodeError

from surgeline.data.record_file import found_from_script
from surgeline.errors import OptionError
from surgeline.judge.refusals import suggest
from surgeline.protocols.grpc.schema import Schema

_PATIENCE_SECONDS = 60


def schema_of_protos(protos: Sequence[str], include: Sequence[str]) -> Schema:
    """Return what .proto files describe, that are looked for in the folders of `include` and in the script's own."""
    folders = [*(found_from_script(folder, "include") for folder in include), found_from_script(".", "include")]
    for folder in folders:
        if not folder.is_dir():
            raise OptionError(f"include: expected a folder, found none at {folder}")
    files = [_found(name, folders) for name in protos]
    with tempfile.TemporaryDirectory() as temporary:
        compiled = Path(temporary) / "descriptors"
        _compile(files, folders, compiled)
        return Schema(FileDescriptorSet.FromString(compiled.read_bytes()).file, f"protos ({', '.join(protos)})")


def schema_of_set(name: str) -> Schema:
    """Return what a file describes that `protoc --descriptor_set_out` wrote."""
    path = found_from_script(name, "descriptor_set")
    wrong = f"descriptor_set: expected a file that `protoc --include_imports --descriptor_set_out={name}` wrote"
    try:
        files = FileDescriptorSet.FromString(path.read_bytes()).file
    except OSError as error:
        raise OptionError(f"{wrong}, found none to read at {path}: {error.strerror}") from None
    except DecodeError:
        raise OptionError(f"{wrong}, found something else in {path}") from None
    return Schema(files, f"descriptor_set ({name})")


def _found(name: str, folders: Sequence[Path]) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    beside = sorted(path.relative_to(folder).as_posix() for folder in folders for path in folder.glob("*.proto"))
    places = ", ".join(str(folder) for folder in folders)
    raise OptionError(f"protos: expected a file {name!r} in {places}, found none{suggest(name, beside)}")


def _compile(files: Sequence[Path], folders: Sequence[Path], compiled: Path) -> None:
    """Write the descriptors of files and all that they import. protoc complains on its process's standard error."""
    roots = [*folders, *(file.parent for file in files if not any(file.is_relative_to(one) for one in folders))]
    command = [
        *(sys.executable, "-m", "grpc_tools.protoc", "--include_imports", f"--descriptor_set_out={compiled}"),
        *(f"-I{root}" for root in roots),
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    if done.returncode:
        said = "\n  ".join(done.stderr.strip().splitlines())
        raise OptionError(
            f"protos: expected files that protoc compiles, found:\n  {said}\n"
            "folders of imports are named by include=[...]"
        )
