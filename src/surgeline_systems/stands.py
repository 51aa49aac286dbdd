"""What load suites run against: a service of one's own, a system that is up, or one that is started for them.

It must not know the load generator, nor which suites there are.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from surgeline.seeding.steps import Steps
from surgeline_systems.keeping import RemoteService
from surgeline_systems.running import Service, put_back, running_system
from surgeline_systems.standing import Standing
from surgeline_systems.system import System


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A service, and what is known of it.

    `restarted` is as in `Bench`. `put_back` puts service and tables back to what they were
    before any suite.
    `sizes` are values that scripts must be told, because the seeds were.
    """

    base_url: str
    restarted: Callable[[Mapping[str, str]], str] | None = None
    put_back: Callable[[], None] = lambda: None
    sizes: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def standing_stand(system: System, standing: Standing, steps: Steps, *, keep_data: bool) -> Iterator[Stand]:
    """A system that is up; it has its usual settings again in the end."""
    keep_data = keep_data or not standing.wish.with_seeds
    with closing(RemoteService(standing)) as service:
        urls = standing.database_url, standing.redis_url
        yield _stand(system, service, standing.base_url, urls, standing.sizes, steps, keep_data)


@contextmanager
def started_stand(system: System, sizes: Mapping[str, str], steps: Steps, *, keep_data: bool) -> Iterator[Stand]:
    """A system that is up while the block runs, with settings of the environment. Raises: SurgelineError."""
    with running_system(system, steps, settings={}, sizes=sizes) as running:
        urls = running.database.url, running.redis.url if running.redis else None
        yield _stand(system, running.service, running.base_url, urls, running.sizes, steps, keep_data)


def _stand(
    system: System,
    service: Service | RemoteService,
    base_url: str,
    urls: tuple[str, str | None],
    sizes: Mapping[str, str],
    steps: Steps,
    keep_data: bool,
) -> Stand:
    def back() -> None:
        service.restore()
        if not keep_data:
            with steps.step("data as it was seeded"):
                put_back(system, *urls, sizes, steps)

    return Stand(base_url=base_url, restarted=service.start, put_back=back, sizes=sizes)
