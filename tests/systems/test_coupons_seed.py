"""The seeded rows: the same for the same number, in exact shares, and put only over rows that a seeding made."""

import hashlib
from collections import Counter

import asyncpg
import pytest

from conftest import CATALOGUE, query, run
from surgeline_systems.coupons.catalogue import DEFAULT_COUPONS, FAR_AHEAD, Catalogue, SizeError, splitmix64
from surgeline_systems.coupons.progress import Steps
from surgeline_systems.coupons.seed import SeedingError, coupon_chunks, seed, usage_chunks, user_chunks

GOLDEN_SHA256 = "994ad10837d0e897923f3c4076c715cd48115270089d190778dbaaa0dbca6001"
ALL_ROWS = """
    SELECT (SELECT md5(string_agg(u::text, '|' ORDER BY id)) FROM users u) AS users,
           (SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM coupons c) AS coupons,
           (SELECT md5(string_agg(g::text, '|' ORDER BY id)) FROM coupon_usage g) AS usages
"""
DEFINITIONS = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text ~ '^(users|coupon)'
    UNION ALL
    SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text ~ '^(users|coupon)'
    ORDER BY 1
"""


def fill(url: str, catalogue: Catalogue) -> dict[str, int]:
    return run(url, lambda connection: seed(connection, catalogue, Steps(quiet=True)))


def text_of(catalogue: Catalogue) -> bytes:
    chunks = [*user_chunks(catalogue), *coupon_chunks(catalogue), *usage_chunks(list(catalogue.usages()))]
    return b"".join(text for _, text in chunks)


def test_splitmix64_is_the_published_one():
    # The first outputs of the reference implementation in C for the seed 0.
    assert [splitmix64(counter) for counter in (1, 2, 3)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


def test_the_same_number_gives_the_same_rows():
    assert text_of(Catalogue(7, 2_000, 400)) == text_of(CATALOGUE)
    assert text_of(Catalogue(8, 2_000, 400)) != text_of(CATALOGUE)


def test_the_rows_of_a_number_stay_the_same_from_release_to_release():
    assert hashlib.sha256(text_of(CATALOGUE)).hexdigest() == GOLDEN_SHA256


def test_a_row_does_not_depend_on_how_many_there_are():
    few, many = (b"".join(text for _, text in user_chunks(Catalogue(7, users, 400))) for users in (1_500, 4_000))
    assert many.startswith(few)


@pytest.mark.parametrize("coupons", [40, 400, DEFAULT_COUPONS])
def test_shares_are_exact(coupons: int):
    catalogue = Catalogue(coupons=coupons)
    made = [catalogue.coupon(number) for number in range(coupons)]
    assert Counter(coupon.type for coupon in made) == {"user_specific": coupons // 2, "time_specific": coupons // 2}
    shares = {"active": coupons * 60 // 100, "expired": coupons * 25 // 100, "inactive": coupons * 15 // 100}
    assert Counter(coupon.status for coupon in made) == shares
    assert len({coupon.code for coupon in made}) == len({coupon.id for coupon in made}) == coupons


def test_about_3000_uses_of_active_coupons():
    catalogue = Catalogue()
    coupons = {coupon.id: coupon for coupon in map(catalogue.coupon, range(catalogue.coupons))}
    usages = list(catalogue.usages())
    assert 2_800 <= len(usages) <= 3_200
    assert len({usage.id for usage in usages}) == len(usages)
    assert {coupons[usage.coupon_id].status for usage in usages} == {"active"}
    assert all(coupons[usage.coupon_id].valid_from <= usage.used_at < FAR_AHEAD for usage in usages)


@pytest.mark.parametrize(("users", "coupons"), [(1, 40), (10_000_001, 40), (2, 0), (2, 41)])
def test_refuses_sizes_that_cannot_be(users: int, coupons: int):
    with pytest.raises(SizeError, match="expected"):
        Catalogue(users=users, coupons=coupons)


def test_the_database_holds_what_was_asked(empty_database: str):
    rows = fill(empty_database, CATALOGUE)
    assert rows == {"users": 2_000, "coupons": 400, "coupon_usage": len(list(CATALOGUE.usages()))}
    for table, count in rows.items():
        assert query(empty_database, f"SELECT count(*) AS rows FROM {table}")[0]["rows"] == count
    ends = query(empty_database, "SELECT min(id) AS first, max(id) AS last FROM users")[0]
    assert (ends["first"], ends["last"]) == ("user_0000000", "user_0001999")


def test_seeding_again_gives_the_same_rows_and_the_same_indexes(empty_database: str):
    before = query(empty_database, DEFINITIONS)
    fill(empty_database, CATALOGUE)
    first = query(empty_database, ALL_ROWS)
    fill(empty_database, CATALOGUE)
    assert query(empty_database, ALL_ROWS) == first
    assert query(empty_database, DEFINITIONS) == before
    assert len(before) > 10


def test_seeding_again_leaves_the_rows_and_indexes_that_people_made(empty_database: str):
    fill(empty_database, CATALOGUE)
    for statement in (
        "CREATE INDEX people_made_this ON users (name) WHERE NOT seeded",
        "CREATE TABLE pets (name text, owner text REFERENCES users (id))",
        "INSERT INTO users (id, email, name) VALUES ('user_9999999', 'ann@example.com', 'Ann')",
        "INSERT INTO pets VALUES ('Rex', 'user_9999999'), ('Tom', 'user_0000001')",
        """INSERT INTO coupons (code, type, status, valid_from, valid_until, max_uses, uses_per_user)
           VALUES ('MINE', 'time_specific', 'active', now(), 'infinity', 1, 1)""",
        # One that leans on seeded rows, which come back.
        """INSERT INTO coupon_usage (coupon_id, user_id)
           SELECT min(id::text)::uuid, 'user_0000001' FROM coupons WHERE seeded""",
    ):
        query(empty_database, statement)
    mine = "SELECT u::text FROM {} u WHERE NOT seeded"
    before = [query(empty_database, mine.format(table)) for table in ("users", "coupons", "coupon_usage")]
    definitions = query(empty_database, DEFINITIONS)

    fill(empty_database, Catalogue(CATALOGUE.seed, users=1_000, coupons=CATALOGUE.coupons))

    assert [query(empty_database, mine.format(table)) for table in ("users", "coupons", "coupon_usage")] == before
    assert query(empty_database, DEFINITIONS) == definitions
    assert query(empty_database, "SELECT count(*) AS rows FROM users WHERE seeded")[0]["rows"] == 1_000
    assert query(empty_database, "SELECT count(*) AS rows FROM pets")[0]["rows"] == 2


def test_a_row_in_the_way_is_named_and_nothing_changes(empty_database: str):
    fill(empty_database, Catalogue(7, users=100, coupons=40))
    query(empty_database, "INSERT INTO users (id, email, name) VALUES ('user_0000500', 'eve@example.com', 'Eve')")
    before = query(empty_database, ALL_ROWS)
    with pytest.raises(SeedingError, match="user_0000500"):
        fill(empty_database, CATALOGUE)
    assert query(empty_database, ALL_ROWS) == before


def test_a_row_that_leans_on_rows_that_would_go_is_named_and_nothing_changes(empty_database: str):
    fill(empty_database, CATALOGUE)
    query(
        empty_database,
        "INSERT INTO coupon_usage (coupon_id, user_id) SELECT id, 'user_0001999' FROM coupons WHERE seeded LIMIT 1",
    )
    before = query(empty_database, ALL_ROWS)
    with pytest.raises(SeedingError, match="user_0001999"):
        fill(empty_database, Catalogue(7, users=100, coupons=400))
    assert query(empty_database, ALL_ROWS) == before


def test_nothing_is_seeded_into_other_tables_of_the_same_name(empty_database: str):
    query(empty_database, "ALTER TABLE users RENAME COLUMN seeded TO something_else")
    with pytest.raises(asyncpg.UndefinedColumnError):
        fill(empty_database, CATALOGUE)
