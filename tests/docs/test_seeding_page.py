"""The page on seeding, followed from top to bottom on one database: its commands run, and say what it says."""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from documents import ROOT, Block, blocks, rows, section
from examples import run, shortened, told, write_files

from surgeline import seeding

PAGE = ROOT / "docs" / "seeding.md"
TABLES = Path(__file__).with_name("seeding_page.sql")
"""Those of the examples that the page has no SQL of."""
SHOWN = "PostgreSQL 16.4 at localhost:5432, database perf_db"
"""What the page says instead of the server's version, address and database."""


@dataclass(frozen=True)
class Place:
    """Where the page is followed."""

    database: str
    folder: Path
    base_url: str

    @property
    def name(self) -> str:
        return urlsplit(self.database).path.removeprefix("/")

    def sql(self, *statements: str) -> None:
        carry_out(self.database, *statements)

    def command(self, text: str) -> Any:
        return run(shortened(text, self.base_url), self.folder, DATABASE_URL=self.database)


@pytest.fixture
def place(postgres_url: str, base_url: str, tmp_path: Path) -> Iterator[Place]:
    name = f"surgeline_test_docs_{os.getpid()}"
    carry_out(postgres_url, f"CREATE DATABASE {name}")
    write_files(PAGE, tmp_path, base_url)
    try:
        yield Place(urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}")), tmp_path, base_url)
    finally:
        carry_out(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def carry_out(url: str, *statements: str) -> None:
    async def connected() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(connected())


def of_the_page(language: str) -> list[Block]:
    return [block for block in blocks(language) if block.document == PAGE and "page" in block.marks]


def test_the_page_can_be_followed(place: Place) -> None:
    place.sql(*(block.text for block in of_the_page("sql")))
    followed = of_the_page("console")
    for block in followed:
        prepare(block, place)
        for command, output in steps(block):
            done = place.command(command)
            # A busy machine may be too slow for a rate; that is no mistake of the page.
            allowed = {int(block.marks.get("exit", "0"))} | ({112} if command.startswith("surgeline run") else set())
            assert done.returncode in allowed, f"{block}: {command}: {told(done)}"
            if output.strip():
                refusal = done.stderr[done.stderr.find("surgeline:") :]  # progress may stand before it
                assert as_shown(done.stdout or refusal, place) == as_shown(output, place), f"{block}: {command}"
    assert followed


def prepare(block: Block, place: Place) -> None:
    """Do what happens before: by others in the database (`sql`), by commands (`first`), in a file (`change`)."""
    if "sql" in block.marks:
        place.sql(block.marks["sql"])
    if "first" in block.marks:
        done = place.command(block.marks["first"])
        assert done.returncode == 0, told(done)
    if "change" in block.marks:
        name, old, new = block.marks["change"].split()
        file = place.folder / name
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))


def steps(block: Block) -> list[tuple[str, str]]:
    """Return each command with what stands below it."""
    parts = re.split(r"^\$ (.+)$", block.text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def as_shown(text: str, place: Place) -> str:
    """Return an output as the page has it: with the page's place and time, however its lines are broken."""
    text = re.sub(r"PostgreSQL \S+ at \S+, database \S+", SHOWN, text).replace(place.name, "perf_db")
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00", "2026-01-01T12:00:00+00:00", text)
    return " ".join(re.sub(r"About [\d.]+ s", "About 0.1 s", text).split())


@pytest.mark.parametrize("file", ["shop.py", "posts.py"])
def test_its_declarations_can_be_seeded(file: str, place: Place) -> None:
    place.sql(TABLES.read_text(encoding="utf-8"))

    for command in ("apply", "verify", "reset", "clean"):
        done = place.command(f"surgeline seed {command} {file}")
        assert done.returncode == 0, told(done)


@pytest.mark.parametrize("row", rows(section("seeding.md", "### Generators")), ids=lambda row: row[0])
def test_its_generators_make_what_it_says(row: list[str]) -> None:
    code, _, examples = row
    generator = eval(code.strip("`"), dict(vars(seeding)))
    columns = {"id": seeding.sequence(), "value": generator}
    expected = re.findall(r"`([^`]+)`", examples)

    values = (
        seeding.table("examples", rows=1000, key="id", columns=columns).column("value").values(range(len(expected)))
    )

    assert list(map(as_text, values)) == expected


def as_text(value: Any) -> str:
    """Return a value as the page shows it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "NULL"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, bool | dict) else str(value)


def test_it_has_an_example_of_every_generator() -> None:
    page = PAGE.read_text(encoding="utf-8")
    types = {"BoundColumn", "Row", "Table", "Written"}

    assert [name for name in seeding.__all__ if name not in types and f"{name}(" not in page] == []
