"""What is done to PostgreSQL tables and their surroundings as a whole: emptying, sequences, statistics."""

from collections.abc import Sequence

from surgeline.seeding.database import Database, DatabaseError
from surgeline.seeding.databases.references import refuse_references

# Owned sequences (serial, identity), and those that a default names without owning them.
_SEQUENCES = """
    WITH used AS (
        SELECT d.refobjsubid AS number, d.objid AS sequence FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = {table}
          AND d.deptype IN ('a', 'i')
        UNION
        SELECT f.adnum, d.refobjid FROM pg_attrdef f
        JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
                        AND d.refclassid = 'pg_class'::regclass
        WHERE f.adrelid = {table}
    )
    SELECT a.attname::text, s.seqrelid::regclass::text, s.seqincrement, s.seqmin, s.seqmax
    FROM used u JOIN pg_sequence s ON s.seqrelid = u.sequence
    JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = u.number
    WHERE a.attname IN ({columns})
      AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
"""

_OWNED = """
    SELECT quote_ident(a.attname), s.seqrelid::regclass::text, s.seqstart, s.seqincrement > 0
    FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = {table}
      AND d.deptype IN ('a', 'i')
"""


def continue_numbers(database: Database, table: str, columns: Sequence[str]) -> None:
    """See `Database.continue_numbers`."""
    if not columns:
        return
    names = ", ".join(map(database.literal, columns))
    relation = f"{database.literal(database.quote(table))}::regclass"
    for column, sequence, step, least, greatest in database.fetch(_SEQUENCES.format(table=relation, columns=names)):
        furthest, behind = ("max", ">=") if step > 0 else ("min", "<=")
        value = f"{furthest}({database.quote(column)})::numeric"
        database.execute(
            f"SELECT setval({database.literal(sequence)}, least(greatest(v.value, {least}), {greatest})::bigint) "
            f"FROM (SELECT {value} AS value FROM {database.quote(table)}) v, {sequence} s "
            # Only where the number that comes next is taken, or behind one that is.
            f"WHERE v.value {behind} s.last_value::numeric + CASE WHEN s.is_called THEN {step} ELSE 0 END"
        )


def rewind_numbers(database: Database, table: str) -> None:
    """See `Database.rewind_numbers`. Sequences that others may use too are left alone."""
    name = database.quote(table)
    for column, sequence, start, upwards in database.fetch(_OWNED.format(table=f"{database.literal(name)}::regclass")):
        last = f"{'max' if upwards else 'min'}({column})"
        value = f"coalesce({last}, {start})::bigint, {last} IS NOT NULL"
        database.execute(f"SELECT setval({database.literal(sequence)}, {value}) FROM {name}")


def empty(database: Database, tables: Sequence[str]) -> int:
    """See `Database.empty`."""
    if not tables:
        return 0
    names = ", ".join(map(database.quote, tables))
    with database.transaction():
        _refuse_references(database, tables)
        database.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        rows = sum(int(database.fetch(f"SELECT count(*) FROM {database.quote(table)}")[0][0]) for table in tables)
        database.execute(f"TRUNCATE {names} RESTART IDENTITY")
    return rows


def reset_statistics(database: Database) -> list[str]:
    """See `Database.reset_statistics`."""
    statements = {"statistics of tables": "SELECT pg_stat_reset()"}
    found = database.fetch(
        "SELECT quote_ident(n.nspname), p.pronargs FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE p.proname = 'pg_stat_statements_reset' ORDER BY p.pronargs DESC LIMIT 1"
    )
    for schema, arguments in found:
        this_database = "0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0" if arguments else ""
        statements["statistics of queries"] = f"SELECT {schema}.pg_stat_statements_reset({this_database})"
    return [problem for what, statement in statements.items() for problem in _attempt(database, what, statement)]


def _attempt(database: Database, what: str, statement: str) -> list[str]:
    try:
        database.execute(statement)
    except DatabaseError as error:
        return [f"{what}: {error}"]
    return []


def _refuse_references(database: Database, tables: Sequence[str]) -> None:
    found = database.tables(tables)
    for name in tables:
        if name not in found:
            raise DatabaseError(f"expected a table {name} in the database {database.target.database}, found none")
    refuse_references(found)
