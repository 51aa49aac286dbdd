"""Files that are written when a run has ended. Knows nothing of what they hold."""

import os
from pathlib import Path

from surgeline.errors import OptionError


def write_whole(data: bytes, path: Path, what: str) -> None:
    """Write a file; one that is there is replaced at once or stays as it was.

    `what` names the content in the message. Raises OptionError when the file cannot be written.
    """
    try:
        _write(data, path)
    except OSError as error:
        raise _unwritable(path, what, error.strerror or str(error)) from error


def append(data: bytes, path: Path, what: str) -> None:
    """Add to the end of a file, made when it is not there. Raises OptionError when it cannot be written."""
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise _unwritable(path, what, error.strerror or str(error)) from error


def check_writable(path: Path, what: str) -> None:
    """Find out before the load whether a file can be written after it. Raises OptionError."""
    reason = why_unwritable(path)
    if reason is not None:
        raise _unwritable(path, what, reason)


def why_unwritable(path: Path) -> str | None:
    """Return why a file cannot be written; None where it can, as far as that is known beforehand."""
    if path.is_dir():
        return "it is a directory"
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    return None if os.access(path if path.exists() else path.parent, os.W_OK) else "it is not ours to write"


def _unwritable(path: Path, what: str, reason: str) -> OptionError:
    return OptionError(f"cannot write the {what} to {path}: {reason}; give a path that can be written")


def _write(data: bytes, path: Path) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a pipe or a device, such as /dev/stdout, has no content to keep
        return
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
