"""What load suites run against: a service of one's own, a system that is up, or one that is started for them.

It must not know the load generator, nor which suites there are.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from surgeline import SurgelineError
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Steps
from surgeline_systems.keeping import RemoteService
from surgeline_systems.running import Running, Service, put_back, running_system
from surgeline_systems.standing import Standing
from surgeline_systems.system import System


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A service, and what is known of it.

    `restarted`, `put_back` and `urls` are as in `Bench`. `sizes` are values that scripts must be told, because the
    seeds were.
    """

    base_url: str
    restarted: Callable[[Mapping[str, str]], str] | None = None
    put_back: Callable[[], None] = lambda: None
    sizes: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def standing_stand(
    system: System, standing: Standing, values: Mapping[str, str], steps: Steps, *, keep_data: bool
) -> Iterator[Stand]:
    """A system that is up; it has its usual settings again in the end.

    Raises: SurgelineError when scripts that are told `values` would know other rows than there are.
    """
    keep_data = keep_data or not standing.wish.with_seeds
    if standing.wish.with_seeds and not values.items() <= standing.sizes.items():
        _expect_same_rows(system, standing, values)
    with closing(RemoteService(standing)) as service:
        yield _stand(system, service, standing, steps, keep_data)


@contextmanager
def started_stand(system: System, sizes: Mapping[str, str], steps: Steps, *, keep_data: bool) -> Iterator[Stand]:
    """A system that is up while the block runs, with settings of the environment. Raises: SurgelineError."""
    with running_system(system, steps, settings={}, sizes=sizes) as running:
        yield _stand(system, running.service, running, steps, keep_data)


def _expect_same_rows(system: System, standing: Standing, values: Mapping[str, str]) -> None:
    there, told = (
        [table.version for table in load_declarations(system.seeds, sizes).tables]
        for sizes in (standing.sizes, {**standing.sizes, **values})
    )
    if there != told:
        given = " ".join(f"-e {name}={value}" for name, value in standing.sizes.items()) or "none"
        raise SurgelineError(
            f"{system.name}: expected the sizes that it is up with ({given}), found others: the scripts would know "
            "other rows than there are. Leave them out, or take it down and up with others"
        )


def _stand(
    system: System,
    service: Service | RemoteService,
    up: Standing | Running,
    steps: Steps,
    keep_data: bool,
) -> Stand:
    def back() -> None:
        if keep_data:
            service.restore()
            return
        with steps.step("data as it was seeded"):
            service.stop()  # it finishes what it has accepted: nothing comes after the reset
            try:
                put_back(system, up.backing, up.settings, up.sizes, steps)
            finally:
                service.restore()

    return Stand(base_url=up.base_url, restarted=service.start, put_back=back, sizes=up.sizes, urls=up.backing.urls)
