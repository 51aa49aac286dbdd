"""Libraries of asyncio inside a scenario: a real PostgreSQL through asyncpg."""

import os

import pytest
from engine_support import SECOND, run_scenarios

from surgeline.engine.executors import SharedIterations
from surgeline.engine.scenario import Scenario

asyncpg = pytest.importorskip("asyncpg")


@pytest.fixture(scope="module")
def database():
    """The URL of a PostgreSQL, running or started for us."""
    from surgeline_systems.servers.launch import ServerError
    from surgeline_systems.servers.postgres import postgres

    try:
        with postgres("postgres") as server:  # every server has this one, and nothing is written to it
            yield server.url
    except ServerError as error:
        if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {error}")


def shared(function, vus, iterations):
    return Scenario("sql", function, SharedIterations(vus, iterations, 60 * SECOND), 0, 0)


def test_queries_beside_the_engines_own_timers(database):
    rows = []

    async def queries(vu):
        connection = await asyncpg.connect(database)
        try:
            rows.append(await connection.fetchval("select $1::int + 1", vu.iteration))
            await vu.sleep(0.0001)
            values = await connection.fetch("select * from generate_series(1, 2000)")
            assert len(values) == 2_000
        finally:
            await connection.close()

    ran = run_scenarios(shared(queries, 4, 12))
    assert ran.messages == []
    assert ran.count("iterations") == len(rows) == 12


def test_a_query_is_cancelled_with_its_iteration(database):
    async def waits(vu):
        connection = await asyncpg.connect(database)
        try:
            await connection.execute("select pg_sleep(600)")
        finally:
            await connection.close(timeout=60)

    async def stop(execution):
        watcher = await asyncpg.connect(database)
        while not await watcher.fetchval("select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'"):
            pass
        await watcher.close()

    ran = run_scenarios(shared(waits, 2, 2), stop_when=stop)
    assert ran.messages == []
    assert ran.count("interrupted_iterations") == 2


def test_a_pool_shared_by_users(database):
    pools = []

    async def queries(vu):
        if not pools:
            pools.append(asyncpg.create_pool(database, min_size=1, max_size=3))
        pool = await pools[0]
        async with pool.acquire() as connection, connection.transaction():
            assert await connection.fetchval("select 1") == 1
        if vu.iteration == 9:
            await pool.close()

    ran = run_scenarios(shared(queries, 1, 10))
    assert ran.messages == []
    assert ran.count("iterations") == 10
