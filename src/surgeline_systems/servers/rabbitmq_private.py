"""A RabbitMQ of our own: started from the host's programs in a temporary folder, gone with its queues at the end.

It does without epmd, the daemon by which nodes of Erlang find each other: that would outlive us, and be everybody's.
"""

import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from surgeline_systems.servers.identity import Identity, usable_identity
from surgeline_systems.servers.launch import Launch, free_port
from surgeline_systems.servers.private import Private, privately

GRACE_SECONDS = 15.0
USER = "surgeline"
NODE = "surgeline@localhost"
CONFIGURATION = "rabbitmq.conf"
PLUGINS = "enabled_plugins"
# What would otherwise be read from folders that all brokers of the machine share.
NOTHING = "nothing.conf"
HOME = "home"
DATA = "data"


@contextmanager
def private_rabbitmq(program: Path, *, answers: Callable[[str], bool]) -> Iterator[str]:
    """Run a server; gives its URL.

    `answers(url)` says whether a server takes connections there. Raises: ServerError when it does not start.
    """
    with privately("rabbitmq", lambda folder: prepared(program, folder, answers=answers)) as url:
        yield url


def prepared(program: Path, folder: Path, *, answers: Callable[[str], bool]) -> Private:
    """A server that is ready to be started in a folder, where its queues stay from one start to the next."""
    identity = usable_identity()
    password, port = secrets.token_urlsafe(16), free_port()
    url = f"amqp://{USER}:{password}@127.0.0.1:{port}/%2F"
    _prepare(folder, password, identity)
    launch = Launch(
        name=f"a RabbitMQ of our own ({program})",
        commands=[[*identity.prefix, str(program)]],
        ready=lambda: answers(url),
        stop_signals=[signal.SIGTERM],
        grace_seconds=GRACE_SECONDS,
        environment=_environment(folder, port),
        identity=identity.process,
    )
    return Private(url=url, launch=launch)


def _prepare(folder: Path, password: str, identity: Identity) -> None:
    """Make what the server needs: its configuration, which only it can read, and the folders it works in."""
    configuration = folder / CONFIGURATION
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"default_user = {USER}\n"
        f"default_pass = {password}\n"
        # Errors of its start are for us; the rest nobody would read.
        "log.file = false\n"
        "log.console = true\n"
        "log.console.level = error\n"
    )
    (folder / NOTHING).touch()
    (folder / PLUGINS).write_text("[].\n")
    for name in (HOME, DATA):
        (folder / name).mkdir(mode=0o700)
    if identity.user is not None:
        folder.chmod(0o711)
        for made in (configuration, folder / HOME, folder / DATA):
            shutil.chown(made, identity.user)


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Where all of it is. In its home the server makes the secret for other nodes, who would find it at `nodes`."""
    nodes = free_port()
    return {
        "HOME": str(folder / HOME),
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_CONF_ENV_FILE": str(folder / NOTHING),
        "RABBITMQ_CONFIG_FILE": str(folder / CONFIGURATION),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / PLUGINS),
        "RABBITMQ_MNESIA_BASE": str(folder / DATA),
        "RABBITMQ_LOG_BASE": str(folder / DATA),
        "RABBITMQ_PID_FILE": str(folder / DATA / "pid"),
        "ERL_AFLAGS": (
            f"-sname {NODE} -start_epmd false -erl_epmd_port {nodes} -kernel inet_dist_use_interface {{127,0,0,1}}"
        ),
    }
