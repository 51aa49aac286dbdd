"""What the chat system says of itself: its suites, and how what it keeps beside its servers is forgotten."""

import asyncio
from pathlib import Path

from surgeline_systems.chat import search
from surgeline_systems.chat.settings import Settings
from surgeline_systems.chat.system import SYSTEM

PREFIX = "chat:a test:"


def test_the_suites_differ_in_their_values_alone():
    assert {suite.name: dict(suite.values) for suite in SYSTEM.suites} == {
        "performance": {},
        "quick": {"DURATION": "10s", "WORKERS": "50"},
        "extended": {"DURATION": "60s", "WORKERS": "150"},
        "stress": {"WRITES": "10000", "READS": "20000", "DURATION": "60s", "WORKERS": "200"},
    }
    assert {suite.script for suite in SYSTEM.suites} == {"performance.py"}
    assert SYSTEM.demo.keys() <= {suite.name for suite in SYSTEM.suites}


def test_with_the_data_the_index_is_forgotten(tmp_path: Path):
    urls = {"DATABASE_URL": "mysql://root@127.0.0.1/none", "REDIS_URL": "redis://127.0.0.1/0"}
    environment = {**urls, "SEARCH_FOLDER": str(tmp_path / "index")}
    settings = Settings.from_environment(environment)

    async def write() -> None:
        writer = search.open_writer(settings, PREFIX)
        await writer.newest()
        await writer.add([(1, 1, 7, "some words", 1_700_000_000_000)], 1)
        await writer.close()

    async def found() -> list[int]:
        index = search.open_index(settings, PREFIX)
        try:
            return await index.find(1, "words", 10)
        finally:
            await index.close()

    asyncio.run(write())
    assert asyncio.run(found()) == [1]
    assert SYSTEM.forget is not None
    SYSTEM.forget(PREFIX, environment)
    assert asyncio.run(found()) == []
    SYSTEM.forget(PREFIX, environment)
    asyncio.run(write())
    assert asyncio.run(found()) == [1]
