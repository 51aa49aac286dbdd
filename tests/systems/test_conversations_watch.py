"""The watch that a soak test keeps on a service's memory and connections, with a stand-in that grows as it is told."""

from collections.abc import Callable

import pytest
from conversations_load_support import marks, run_loadtest
from conversations_stand_in import Asked, stand_in

from surgeline_systems.conversations.load.watching import Growth, Size, Watch

MEMORY = "service_memory_growth_mb{scenario:soak}"
CONNECTIONS = "database_connection_growth{scenario:soak} max<=0"


def growing(memory_mb: int = 9_000, by_mb: int = 0, connections_by: int = 0) -> Callable[[Asked], object]:
    """What a service says of itself that grows each time it is asked."""

    def health(asked: Asked) -> object:
        times = asked["/api/health"]
        return {
            "memoryBytes": (memory_mb + times * by_mb) * 1_000_000,
            "databaseConnections": 10 + times * connections_by,
        }

    return health


@pytest.mark.parametrize(
    ("health", "failed"),
    [
        (growing(by_mb=60), f"{MEMORY} max<=50"),
        (growing(by_mb=-60), f"{MEMORY} min>=-50"),
        (growing(connections_by=1), CONNECTIONS),
    ],
    ids=["memory grows", "memory shrinks", "connections grow"],
)
def test_a_service_that_does_not_stay_as_it_is_fails_a_soak_test(health: Callable[[Asked], object], failed: str):
    with stand_in(health) as base_url:
        done = run_loadtest(base_url, "--scenario", "soak")
    assert done.returncode == 99, done.stdout + done.stderr
    judged = marks(done)
    assert [metric for metric in judged if "growth" in metric and judged[metric] != "✓"] == [failed]


def test_a_service_that_stays_as_it_is_passes():
    with stand_in(growing(by_mb=1, connections_by=-1)) as base_url:
        done = run_loadtest(base_url, "--scenario", "soak")
    judged = marks(done)
    assert {metric: judged[metric] for metric in judged if "growth" in metric or "checks" in metric} == {
        f"{MEMORY} min>=-50": "✓",
        f"{MEMORY} max<=50": "✓",
        CONNECTIONS: "✓",
        "checks{scenario:soak} rate>0.99": "✓",
    }, done.stdout + done.stderr


def test_without_its_figures_there_is_no_verdict():
    with stand_in() as base_url:
        done = run_loadtest(base_url, "--scenario", "soak")
    assert marks(done)[CONNECTIONS] == "?", done.stdout + done.stderr
    assert "health: tells its size" in done.stdout


def test_growth_is_counted_from_the_first_size_after_the_warm_up():
    watch = Watch(warm_up=30)
    told = [(0, Size(100, 1)), (29.9, Size(1_000, 2)), (30, Size(5_000_000, 10)), (31, Size(7_000_000, 9))]
    assert [watch.growth(elapsed, size) for elapsed, size in told] == [None, None, None, Growth(2, -1)]
    assert watch.growth(600, Size(4_000_000, 10)) == Growth(-1, 0)
