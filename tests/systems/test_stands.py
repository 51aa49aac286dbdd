"""What load suites run against: that each begins with the data that were seeded, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from coupons_support import Client, questions

from conftest import query
from surgeline.seeding.steps import Unseen
from surgeline_systems.backing import Backing
from surgeline_systems.catalogue import system_named
from surgeline_systems.keeping import bring_down, bring_up
from surgeline_systems.servers.launch import free_port
from surgeline_systems.servers.postgres import Postgres, with_database
from surgeline_systems.standing import Place, Wish
from surgeline_systems.stands import Stand, standing_stand, started_stand

SIZES = {"USERS": "300", "COUPONS": "40"}
COUPONS = system_named("coupons")
FEWER_THAN_A_BATCH = 30


@pytest.fixture(params=["started", "standing"])
def stand(
    request: pytest.FixtureRequest, own_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stand]:
    monkeypatch.setenv("SURGELINE_POSTGRES_URL", own_server.url)
    if request.param == "started":
        with started_stand(COUPONS, SIZES, Unseen(), keep_data=False) as stand:
            yield stand
        return
    place = Place(COUPONS.name, tmp_path)
    wish = Wish(system=COUPONS.name, port=free_port(), environment=SIZES, with_seeds=True)
    standing, _ = bring_up(wish, place, Unseen())
    try:
        with standing_stand(COUPONS, standing, SIZES, Unseen(), keep_data=False) as stand:
            yield stand
    finally:
        bring_down(place)


def test_what_was_accepted_before_the_data_are_put_back_does_not_come_after_it(stand: Stand, own_server: Postgres):
    logs = with_database(own_server, COUPONS.database).url
    with Client(stand.base_url) as client:
        for question in questions(SIZES, FEWER_THAN_A_BATCH):
            client.validate(question.code, question.user_id)
    stand.put_back()
    assert stand.restarted is not None
    stand.restarted({})  # it writes what it still has
    assert query(logs, "SELECT count(*) FROM validation_logs") == [(0,)]


def test_scripts_are_told_where_the_servers_are(stand: Stand, own_server: Postgres):
    database = with_database(own_server, COUPONS.database)
    assert stand.urls == Backing(database=database, redis=None, rabbitmq=None).urls
    assert stand.urls["DATABASE_URL"] == database.url
