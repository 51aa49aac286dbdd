"""What every benchmark is given: how long, how often, on which cores, against which server, with which tools."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
PEERS = Path(__file__).parent / "peers"


class MeasurementError(Exception):
    """A run gave no figure that can be used; the text says why."""


class MissingError(Exception):
    """A benchmark cannot run here; the text says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The bench that the contenders stand on.

    `tools` has the path of each program that was found; `folder` is for temporary files.
    """

    rounds: int
    seconds: int
    server_core: int
    generator_core: int
    nginx_url: str | None
    tools: Mapping[str, str]
    folder: Path

    @property
    def url(self) -> str:
        """Where nginx answers, without a path. Raises MissingError when there is no nginx."""
        if self.nginx_url is None:
            raise MissingError("nginx is missing")
        return self.nginx_url
