"""What the coupons system declares: exact shares, uses within limits, the same rows wherever it is read."""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from coupons_support import SIZES

from surgeline import SurgelineError
from surgeline.seeding import Table
from surgeline.seeding.apply import apply
from surgeline.seeding.connect import connect
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Unseen
from surgeline.seeding.verify import verify
from surgeline_systems.coupons import seeds
from surgeline_systems.coupons.system import SYSTEM as COUPONS

SYSTEM = "coupons"
GOLDEN_SHA256 = "bb632fcb361f7c1cf4481b095b6c4c74ea5d0d26727ddde01885f45168be5adb"
OVER, TO_COME = datetime(2025, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)


def declared(**sizes: object) -> dict[str, Table]:
    tables = load_declarations(COUPONS.seeds, {name: str(size) for name, size in sizes.items()}).tables
    return {table.name: table for table in tables}


def rows_of(table: Table) -> list[dict[str, Any]]:
    columns = [table.column(name).values(range(len(table))) for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


@pytest.fixture(scope="module")
def usual() -> dict[str, Table]:
    return declared()


@pytest.fixture(scope="module")
def coupons(usual: dict[str, Table]) -> dict[str, dict[str, Any]]:
    return {coupon["id"]: coupon for coupon in rows_of(usual["coupons"])}


@pytest.fixture(scope="module")
def usage(usual: dict[str, Table]) -> list[dict[str, Any]]:
    return rows_of(usual["coupon_usage"])


def test_the_rows_stay_the_same_from_release_to_release():
    text = repr([rows_of(table) for table in declared(**SIZES).values()])
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN_SHA256


def test_scripts_that_import_the_declaration_know_the_rows_that_were_seeded_by_its_file(usual: dict[str, Table]):
    imported = [seeds.users, seeds.coupons, seeds.coupon_usage]
    assert {table.name: table.version for table in imported} == {name: one.version for name, one in usual.items()}


def test_a_million_users_and_five_thousand_coupons(usual: dict[str, Table]):
    users = usual["users"]
    assert (len(users), len(usual["coupons"])) == (1_000_000, 5_000)
    assert [users.column("id").value(row) for row in (0, 999_999)] == ["user_0000000", "user_0999999"]


@pytest.mark.parametrize("coupons", [20, 400, 5_000])
def test_shares_are_exact(coupons: int):
    made = rows_of(declared(COUPONS=coupons)["coupons"])
    assert Counter(one["type"] for one in made) == {"user_specific": coupons // 2, "time_specific": coupons // 2}
    shares = {"active": coupons * 60 // 100, "expired": coupons * 25 // 100, "inactive": coupons * 15 // 100}
    assert Counter(one["status"] for one in made) == shares
    assert len({one["code"] for one in made}) == coupons


def test_coupons_for_one_user_have_one_and_others_none(coupons: dict[str, dict[str, Any]]):
    for coupon in coupons.values():
        assert (coupon["type"] == "user_specific") == (coupon["user_id"] is not None)
        assert coupon["code"].startswith("USER-" if coupon["user_id"] else "TIME-")


def test_only_expired_coupons_are_over_and_only_active_ones_for_a_time_are_to_come(coupons: dict[str, dict[str, Any]]):
    begun = Counter()
    for coupon in coupons.values():
        assert coupon["valid_until"] < OVER if coupon["status"] == "expired" else coupon["valid_until"] >= TO_COME
        assert coupon["valid_from"] < OVER or coupon["valid_from"] >= TO_COME
        begun[coupon["status"], coupon["type"], coupon["valid_from"] < OVER] += 1
    to_come = {kind: count for kind, count in begun.items() if not kind[-1]}
    assert list(to_come) == [("active", "time_specific", False)]
    assert 60 <= to_come["active", "time_specific", False] <= 130


def test_about_3000_uses_of_active_coupons_that_have_begun(
    coupons: dict[str, dict[str, Any]], usage: list[dict[str, Any]]
):
    assert 2_800 <= len(usage) <= 3_200
    assert {coupons[use["coupon_id"]]["status"] for use in usage} == {"active"}
    assert all(coupons[use["coupon_id"]]["valid_from"] <= use["used_at"] < OVER for use in usage)


def test_no_coupon_was_used_beyond_its_limits_or_by_another_than_its_owner(
    coupons: dict[str, dict[str, Any]], usage: list[dict[str, Any]]
):
    for coupon_id, count in Counter(use["coupon_id"] for use in usage).items():
        assert count <= coupons[coupon_id]["max_uses"]
    for (coupon_id, user), count in Counter((use["coupon_id"], use["user_id"]) for use in usage).items():
        assert count <= coupons[coupon_id]["uses_per_user"]
        assert coupons[coupon_id]["user_id"] in {None, user}


def test_coupons_and_uses_are_of_another_version_when_there_are_other_users(usual: dict[str, Table]):
    fewer = declared(USERS=2_000)
    assert all(fewer[name].version != usual[name].version for name in usual)
    owners = fewer["coupons"].column("user_id").values(range(len(fewer["coupons"])))
    assert max(filter(None, owners)) < "user_0002000"


@pytest.mark.parametrize("coupons", [0, 19, 41])
def test_shares_that_cannot_be_exact_are_refused(coupons: int):
    with pytest.raises(SurgelineError, match=f"COUPONS: expected a multiple of 20, .* found {coupons}"):
        declared(COUPONS=coupons)


def test_the_tables_hold_what_is_declared_and_other_sizes_after_it(empty_database: str):
    with connect(empty_database) as database:
        for users, coupons in ((300, 40), (100, 80), (200, 20)):
            declarations = load_declarations(COUPONS.seeds, {"USERS": str(users), "COUPONS": str(coupons)})
            apply(database, declarations, Unseen())
            verified = verify(database, declarations, Unseen())
            assert verified.differences == []
            assert (verified.tables["users"], verified.tables["coupons"]) == (users, coupons)
