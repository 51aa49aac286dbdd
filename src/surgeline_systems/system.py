"""What a reference system is: a service with its database, its seeds and its load suites, by their places and names.

Where things are follows from the package: `app.py` with `create_app`, `settings.py`, `seeds.py`, `migrations/`,
`load/`. It must not know how any of them is run, nor the load generator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from surgeline import SurgelineError


class RunScript(Protocol):
    """Runs a load script with options of `surgeline run`, by their long names; gives its exit code."""

    def __call__(self, script: Path, title: str, options: Mapping[str, object]) -> int:
        """Run it."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a suite has at hand: the service, ways to run a script and to start the service anew, and who listens.

    `urls` are those of the servers that the service stands on, by the variables that scripts know them by; none where
    the service is not ours.

    `restarted(environment)` gives the base URL of the service, started anew with these settings over the present ones;
    None where the service is not ours to restart. `put_back()` puts data back to what was seeded, where that is ours to
    do, and the service to its usual settings. `options` are those that the person at the terminal gave.
    """

    base_url: str
    run_script: RunScript
    options: Mapping[str, object]
    urls: Mapping[str, str] = field(default_factory=dict)
    restarted: Callable[[Mapping[str, str]], str] | None = None
    put_back: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Suite:
    """One load test of a system: a script, or a scenario in it. Its `values` are what `env` gives in the script.

    Where running it once is not enough, `conduct` says how it is run.
    """

    name: str
    about: str
    script: str
    scenario: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    conduct: Callable[["System", "Suite", Bench], int] | None = None


@dataclass(frozen=True, kw_only=True)
class System:
    """A reference system.

    `demo` names the suites of a demo, each with what is given to its script so that it is soon over. Its database is on
    the first of `databases` that can be had, "mariadb" or "postgres". One that wants RabbitMQ does without it, too.
    `forget(key_prefix, environment)` removes what its service has kept of its data beside those servers; `key_prefix`
    says which data, and the service does not run.
    """

    name: str
    about: str
    suites: Sequence[Suite]
    demo: Mapping[str, Mapping[str, str]]
    databases: Sequence[str] = ("postgres",)
    needs_redis: bool = False
    wants_rabbitmq: bool = False
    has_workers: bool = False
    forget: Callable[[str, Mapping[str, str]], None] | None = None

    @property
    def package(self) -> str:
        """Where its modules are."""
        return f"surgeline_systems.{self.name}"

    @property
    def database(self) -> str:
        """Its own database: the name says that it is for trials."""
        return f"surgeline_demo_{self.name}"

    def queues(self, key_prefix: str) -> Sequence[str]:
        """Its queue in RabbitMQ, and that of what could not be worked off; both names begin with `key_prefix`."""
        return [f"{key_prefix}messages", f"{key_prefix}messages.aside"]

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return Path(str(files(self.package)))

    @property
    def seeds(self) -> Path:
        """What its tables hold, declared."""
        return self.folder / "seeds.py"

    def workers_setting(self, workers: int | None) -> dict[str, str]:
        """The variable of the service for so many workers. Raises: SurgelineError where it has none."""
        if workers is None:
            return {}
        if not self.has_workers:
            raise SurgelineError(f"--workers: expected a system with a queue to work off, found {self.name}")
        return {"WORKERS": str(workers)}

    def script(self, suite: Suite) -> Path:
        """The load script of a suite."""
        return self.folder / "load" / suite.script
