"""Takes indexes, unique and foreign keys of PostgreSQL tables away for a load, and makes them again as they were.

Made at once they cost a fraction of what they cost row by row. All is read from the catalogue, so that those which
people added come back too: with their options, comments, and what else is said of them. What cannot be made again
exactly is left where it is: invalid indexes, those of partitioned tables, in a tablespace of their own, with statistics
targets, of extensions, and those that views or other objects lean on. Must be used within a transaction.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from surgeline.seeding.database import Database, DatabaseError

MEMORY = "256MB"
"""For making an index."""

_PLAIN_TABLE = """
    EXISTS (SELECT FROM pg_class r WHERE r.oid = {relation} AND r.relkind = 'r' AND NOT r.relispartition
            AND r.relpersistence <> 't')
"""
_NOT_OF_AN_EXTENSION = """
    NOT EXISTS (SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.deptype IN ('e', 'x'))
"""
# A foreign key of others on one of the tables goes too: it leans on a unique index.
_FOREIGN_KEYS = f"""
    SELECT f.conrelid::regclass::text, quote_ident(f.conname), pg_get_constraintdef(f.oid),
           obj_description(f.oid, 'pg_constraint')
    FROM pg_constraint f
    WHERE f.contype = 'f' AND (f.conrelid IN ({{tables}}) OR f.confrelid IN ({{tables}})) AND f.conparentid = 0
      AND {_PLAIN_TABLE.format(relation="f.conrelid")} AND {_PLAIN_TABLE.format(relation="f.confrelid")}
      AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = f.oid AND t.tgenabled <> 'O')
    ORDER BY f.oid
"""
_INDEXES = f"""
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, quote_ident(x.relname),
           pg_get_indexdef(i.indexrelid), c.contype::text, quote_ident(c.conname), pg_get_constraintdef(c.oid),
           c.condeferrable, c.condeferred, i.indisclustered, i.indisreplident,
           obj_description(i.indexrelid, 'pg_class'), obj_description(c.oid, 'pg_constraint')
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
    LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x')
    WHERE i.indrelid IN ({{tables}}) AND {_PLAIN_TABLE.format(relation="i.indrelid")}
      AND i.indisvalid AND i.indisready AND i.indislive AND x.reltablespace = 0
      AND (c.contype IS NULL OR c.contype = 'x' AND x.reloptions IS NULL
           OR c.contype IN ('p', 'u') AND m.amname = 'btree')
      AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND coalesce(a.attstattarget, -1) >= 0)
      AND {_NOT_OF_AN_EXTENSION}
    ORDER BY i.indexrelid
"""
_BACKED = {"p": "PRIMARY KEY", "u": "UNIQUE"}


@dataclass(frozen=True, slots=True)
class _Aside:
    """How one index or key goes, and how it comes back."""

    drop: str
    make: tuple[str, ...]


@contextmanager
def indexes_aside(database: Database, tables: Sequence[str]) -> Iterator[None]:
    """See `Database.indexes_aside`. The tables' names are written as SQL has them."""
    if not tables:
        yield
        return
    # First of all: a row that somebody adds after we looked, or an index, would be lost sight of.
    database.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    relations = ", ".join(f"{database.literal(table)}::regclass" for table in tables)
    # A foreign key leans on the unique index of the other table: first to go, last to come back.
    foreign = _dropped(database, _foreign_keys(database, relations))
    indexes = _dropped(database, _indexes(database, relations))
    yield
    # Keys that are left and looked at only at the commit would hold up what follows.
    database.execute(f"SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL maintenance_work_mem = '{MEMORY}'")
    database.execute("SET LOCAL default_tablespace = ''")
    for one in (*indexes, *foreign):
        for statement in one.make:
            database.execute(statement)


def _dropped(database: Database, found: Sequence[_Aside]) -> list[_Aside]:
    """Drop what can be dropped; return that. What others lean on, or belongs to somebody else, stays."""
    return [one for one in found if _drop(database, one)]


def _drop(database: Database, one: _Aside) -> bool:
    database.execute("SAVEPOINT surgeline_aside")
    try:
        database.execute(one.drop)
    except DatabaseError:
        database.execute("ROLLBACK TO SAVEPOINT surgeline_aside")
        return False
    database.execute("RELEASE SAVEPOINT surgeline_aside")
    return True


def _foreign_keys(database: Database, relations: str) -> list[_Aside]:
    return [
        _Aside(
            drop=f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            make=(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}",
                *_comment(database, f"CONSTRAINT {name} ON {table}", comment),
            ),
        )
        for table, name, definition, comment in database.fetch(_FOREIGN_KEYS.format(tables=relations))
    ]


def _indexes(database: Database, relations: str) -> list[_Aside]:
    return [_index(database, *row) for row in database.fetch(_INDEXES.format(tables=relations))]


def _index(
    database: Database,
    table: str,
    index: str,
    name: str,
    definition: str,
    kind: str | None,
    constraint: str | None,
    constraint_definition: str | None,
    deferrable: bool | None,
    deferred: bool | None,
    clustered: bool,
    identity: bool,
    index_comment: str | None,
    constraint_comment: str | None,
) -> _Aside:
    make = [definition]
    if kind in _BACKED:  # pg_get_constraintdef is silent about the index's options
        when = f"{' DEFERRABLE' if deferrable else ''}{' INITIALLY DEFERRED' if deferred else ''}"
        make.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {_BACKED[kind]} USING INDEX {name}{when}")
    elif kind is not None:
        make = [f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {constraint_definition}"]
    if clustered:
        make.append(f"ALTER TABLE {table} CLUSTER ON {name}")
    if identity:
        make.append(f"ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name}")
    make += _comment(database, f"INDEX {index}", index_comment)
    make += _comment(database, f"CONSTRAINT {constraint} ON {table}", constraint_comment)
    drop = f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if kind else f"DROP INDEX {index}"
    return _Aside(drop, tuple(make))


def _comment(database: Database, what: str, text: str | None) -> list[str]:
    return [] if text is None else [f"COMMENT ON {what} IS {database.literal(text)}"]
