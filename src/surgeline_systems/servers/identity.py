"""As whom a private server runs: ourselves, but never root.

As root it runs in a user namespace in which we are not root, or, where namespaces are forbidden, as `nobody`. This
module must not know which server it is, and it makes no users.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NAMESPACE = ("unshare", "--user", "--map-user=1000", "--")


@dataclass(frozen=True)
class Identity:
    """As whom the server runs: a command to put before its own, and what `subprocess.Popen` is told."""

    prefix: Sequence[str] = ()
    process: Mapping[str, Any] = field(default_factory=dict)

    @property
    def user(self) -> str | None:
        """The user to whom the server's files must belong, if it is not ourselves."""
        return self.process.get("user")


def usable_identity() -> Identity:
    """Ourselves; or, as root, the first way of not being root that this machine allows."""
    if os.geteuid() != 0:
        return Identity()
    if succeeds([*NAMESPACE, "true"]):
        return Identity(prefix=NAMESPACE)
    return nobody()


def nobody() -> Identity:
    """The user whom every system has and who may do nothing."""
    group = pwd.getpwnam("nobody").pw_gid  # its name differs from system to system
    return Identity(process={"user": "nobody", "group": group, "extra_groups": [], "cwd": "/"})


def succeeds(command: Sequence[str], identity: Identity | None = None) -> bool:
    """Run a command as somebody, and tell whether it can be run and ends well."""
    process = identity.process if identity else {}
    try:
        return subprocess.run(command, capture_output=True, check=False, **process).returncode == 0
    except OSError:
        return False
