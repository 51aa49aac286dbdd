"""Seeding of a system whose database has been used before."""

from conftest import query
from surgeline.seeding.file import load_declarations
from surgeline.seeding.steps import Unseen
from surgeline_systems.backing import Backing
from surgeline_systems.running import put_back, seed
from surgeline_systems.servers.ways import Server
from surgeline_systems.system import System

SYSTEM = "messages"
SENT = """
    INSERT INTO message_logs (user_id, message_type, idempotency_key)
    SELECT id, 'BIRTHDAY', gen_random_uuid()::text FROM users
"""


def rows(database: str, table: str) -> int:
    return query(database, f"SELECT count(*) AS rows FROM {table}")[0]["rows"]


def test_other_sizes_go_over_what_an_earlier_load_wrote(system: System, empty_database: str):
    servers = Backing(database=Server(empty_database, "a database"), redis=None, rabbitmq=None)
    for count in (30, 10, 20):
        sizes = {"USERS": str(count)}
        seed(load_declarations(system.seeds, sizes), empty_database, Unseen())
        assert rows(empty_database, "users") == count
        query(empty_database, SENT)
        put_back(system, servers, {}, sizes, Unseen())
        assert rows(empty_database, "message_logs") == 0
        query(empty_database, SENT)
