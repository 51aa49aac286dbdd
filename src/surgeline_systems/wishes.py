"""What a person may give to a system that is to come up, by names. It must not know how it is started."""

from collections.abc import Iterator, Mapping

from surgeline.seeding.file import load_declarations
from surgeline_systems.application.server import kind_of_settings
from surgeline_systems.servers import rabbitmq, redis
from surgeline_systems.servers.databases import KINDS
from surgeline_systems.system import System

# Where it listens is an option of its own.
NOT_GIVEN_SO = ("HOST", "PORT")


def known_names(system: System, given: Mapping[str, str]) -> list[str]:
    """Settings of its service, sizes of its seeds, and URLs of the servers that it stands on.

    `given` are the values that its seeds are declared with: some ask for more names then. Raises: SurgelineError.
    """
    settings = [name for name in kind_of_settings(system.package).variables() if name not in NOT_GIVEN_SO]
    sizes = load_declarations(system.seeds, given).asked_for
    return list(dict.fromkeys([*settings, *sizes, *_urls(system)]))


def _urls(system: System) -> Iterator[str]:
    yield from (KINDS[name].variable for name in system.databases)
    if system.needs_redis:
        yield from redis.URL_VARIABLES
    if system.wants_rabbitmq:
        yield from rabbitmq.URL_VARIABLES
