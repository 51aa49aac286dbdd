"""Indexes and keys of all sorts that PostgreSQL has, taken away and made again as they were."""

import os
from contextlib import suppress
from typing import Any

import pytest
from database_support import load

from surgeline.seeding.database import Database, RefusedRowsError


@pytest.fixture
def database(postgres_database: Database) -> Database:
    return postgres_database


INDEXES = """
    CREATE TABLE parents (id int, other int, label text, span int4range, seen timestamptz DEFAULT now());
    ALTER TABLE parents ADD CONSTRAINT "a ""key"" of" PRIMARY KEY (id) WITH (fillfactor = 70);
    ALTER TABLE parents ADD CONSTRAINT other_key UNIQUE NULLS NOT DISTINCT (other) INCLUDE (label)
        DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE parents ADD CONSTRAINT late UNIQUE (label, id) DEFERRABLE;
    ALTER TABLE parents ADD CONSTRAINT spans EXCLUDE USING gist (span WITH &&) WHERE (id > 5);
    ALTER TABLE parents ADD CONSTRAINT positive CHECK (id > 0);
    CREATE INDEX "Label" ON parents USING btree (lower(label) COLLATE "C" text_pattern_ops DESC NULLS LAST)
        WHERE label <> '';
    CREATE UNIQUE INDEX partial ON parents (label) WHERE other > 5;
    CREATE INDEX hashed ON parents USING hash (label) WITH (fillfactor = 60);
    CREATE INDEX brin ON parents USING brin (id) WITH (pages_per_range = 16);
    CREATE INDEX counted ON parents ((other * 2));
    ALTER INDEX counted ALTER COLUMN 1 SET STATISTICS 500;
    COMMENT ON INDEX "Label" IS 'it''s the label \\ here';
    COMMENT ON CONSTRAINT other_key ON parents IS 'of the other';
    COMMENT ON INDEX other_key IS 'the index of the other';
    ALTER TABLE parents CLUSTER ON late;
    CREATE UNIQUE INDEX identity ON parents (id);
    ALTER TABLE parents REPLICA IDENTITY USING INDEX identity;
    CREATE TABLE children (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int, mother bigint REFERENCES children,
        CONSTRAINT child_of FOREIGN KEY (parent) REFERENCES parents ON DELETE CASCADE ON UPDATE SET NULL
            DEFERRABLE INITIALLY DEFERRED
    );
    COMMENT ON CONSTRAINT child_of ON children IS 'of the child';
    CREATE TABLE "Not ours" (parent int, FOREIGN KEY (parent) REFERENCES parents MATCH FULL);
    INSERT INTO "Not ours" VALUES (NULL);
    CREATE TABLE later (parent int);
    INSERT INTO later VALUES (4711);
    ALTER TABLE later ADD CONSTRAINT unchecked FOREIGN KEY (parent) REFERENCES parents NOT VALID;
"""
TABLES = ["parents", "children", '"Not ours"', "later"]


class TestIndexesAside:
    @pytest.fixture
    def indexed(self, database: Database) -> Database:
        if int(database.target.version.split(".")[0]) < 15:
            pytest.skip("NULLS NOT DISTINCT came with PostgreSQL 15")
        database.execute(INDEXES)
        return database

    def described(self, database: Database, place: Any) -> list[Any]:
        return [[place.described(database, table) for table in TABLES], self.other(database)]

    def other(self, database: Database) -> list[Any]:
        return database.fetch(
            "SELECT c.relname, c.relreplident::text, c.relhasindex, a.attname, a.attnotnull, a.attstattarget::int "
            "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, a.attnum"
        )

    def test_all_sorts_of_them_come_back_as_they_were(self, indexed: Database, postgres_place: Any) -> None:
        before = self.described(indexed, postgres_place)
        with indexed.transaction(), indexed.indexes_aside(["parents", "children"]):
            left = indexed.fetch(
                "SELECT relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid "
                "WHERE indrelid IN ('parents'::regclass, 'children'::regclass)"
            )
            assert left == [("counted",)]
            load(indexed, "parents", id=[1, 2, 3], other=[1, 2, None], label=["a", "b", "c"])
            load(indexed, "children", id=[1, 2], parent=[3, 1], mother=[2, 1])
        assert self.described(indexed, postgres_place) == before

    def test_one_table_alone_is_enough(self, indexed: Database, postgres_place: Any) -> None:
        before = self.described(indexed, postgres_place)
        for table in ("parents", "children", "later"):
            with indexed.transaction(), indexed.indexes_aside([table]):
                pass
        assert self.described(indexed, postgres_place) == before

    def test_twice_in_one_transaction_is_fine(self, indexed: Database, postgres_place: Any) -> None:
        before = self.described(indexed, postgres_place)
        with indexed.transaction():
            for _ in range(2):
                with indexed.indexes_aside(["parents", "children"]):
                    pass
        assert self.described(indexed, postgres_place) == before

    @pytest.mark.parametrize(
        ("columns", "named"),
        [
            ({"id": [1, 1], "label": ["a", "b"]}, "identity|key"),
            ({"id": [1, 2], "other": [7, 7]}, "other_key"),
            ({"id": [1, 2], "other": [8, 9], "label": ["a", "a"]}, "partial"),
            ({"id": [6, 7], "span": ["[1,5)", "[2,3)"], "other": [1, 2]}, "spans"),
            ({"id": [0], "other": [1]}, "positive"),
        ],
    )
    def test_rows_that_break_one_are_refused(
        self, indexed: Database, postgres_place: Any, columns: dict[str, Any], named: str
    ) -> None:
        before = self.described(indexed, postgres_place)
        with pytest.raises(RefusedRowsError, match=named), indexed.transaction(), indexed.indexes_aside(["parents"]):
            load(indexed, "parents", **columns)
        assert self.described(indexed, postgres_place) == before
        assert indexed.fetch("SELECT count(*) FROM parents") == [(0,)]

    def test_a_child_without_a_parent_is_refused(self, indexed: Database) -> None:
        with (
            pytest.raises(RefusedRowsError, match="child_of"),
            indexed.transaction(),
            indexed.indexes_aside(["children"]),
        ):
            load(indexed, "children", id=[1], parent=[3])

    def test_an_index_that_others_lean_on_stays(self, indexed: Database, postgres_place: Any) -> None:
        indexed.execute("CREATE VIEW latest AS SELECT id, label FROM parents GROUP BY id")
        before = self.described(indexed, postgres_place)
        with indexed.transaction(), indexed.indexes_aside(["parents", "children"]):
            keys = indexed.fetch("SELECT 1 FROM pg_index WHERE indrelid = 'parents'::regclass AND indisprimary")
            assert len(keys) == 1
            load(indexed, "parents", id=[1, 2, 3], other=[1, 2, None], label=["a", "b", "c"])
            load(indexed, "children", id=[1, 2], parent=[3, 1], mother=[2, 1])
        assert self.described(indexed, postgres_place) == before

    def test_an_invalid_index_stays_invalid(self, database: Database, postgres_place: Any) -> None:
        database.execute("CREATE TABLE held (id int); INSERT INTO held VALUES (1), (1)")
        with suppress(RefusedRowsError):
            database.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON held (id)")
        before = postgres_place.described(database, "held")
        assert len(before) == 1
        with database.transaction(), database.indexes_aside(["held"]):
            pass
        assert postgres_place.described(database, "held") == before

    def test_a_disabled_foreign_key_stays_disabled(self, indexed: Database) -> None:
        indexed.execute("ALTER TABLE children DISABLE TRIGGER ALL")
        triggers = "SELECT tgrelid::regclass::text, tgenabled::text FROM pg_trigger WHERE tgisinternal ORDER BY 1, 2"
        before = indexed.fetch(triggers)
        with indexed.transaction(), indexed.indexes_aside(["parents", "children"]):
            pass
        assert indexed.fetch(triggers) == before

    def test_keys_that_are_looked_at_late_do_not_hold_it_up(self, database: Database) -> None:
        """A key that stays, for a view leans on it, has something to look at when the indexes come back."""
        database.execute(
            """
            CREATE TABLE held (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, label text UNIQUE);
            CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER late AFTER INSERT ON held DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION look();
            """
        )
        with database.transaction():
            load(database, "held", id=[1], label=["a"])
            with database.indexes_aside(["held"]):
                load(database, "held", id=[2], label=["b"])
        assert database.fetch("SELECT count(*) FROM held") == [(2,)]

    def test_the_new_ones_are_where_the_old_ones_were(self, indexed: Database) -> None:
        indexed.execute("SET default_tablespace = 'pg_global'")
        with indexed.transaction(), indexed.indexes_aside(["parents"]):
            pass
        assert indexed.fetch("SELECT count(*) FROM pg_class WHERE relname = 'hashed' AND reltablespace = 0") == [(1,)]

    def test_a_table_of_somebody_else_keeps_its_foreign_key(self, indexed: Database, postgres_place: Any) -> None:
        role = f"surgeline_test_owner_{os.getpid()}"
        indexed.execute(f"CREATE ROLE {role} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {role}")
        try:
            for table in ("parents", "children"):
                indexed.execute(f"ALTER TABLE {table} OWNER TO {role}")
            before = self.described(indexed, postgres_place)
            with indexed.transaction():
                indexed.execute(f"SET LOCAL ROLE {role}")
                with indexed.indexes_aside(["parents"]):
                    keys = indexed.fetch(
                        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = 'parents'::regclass"
                    )
                    assert {name for (name,) in keys} == {"Not ours_parent_fkey", "unchecked"}
            assert self.described(indexed, postgres_place) == before
        finally:
            indexed.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")
