"""The tables of a PostgreSQL database as its catalogue has them.

Must not know how a statement gets to the server: it is given a function that fetches.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from surgeline.seeding.database import DatabaseError, ForeignKey, RealColumn, RealTable, UniqueKey
from surgeline.seeding.generator import Kind

Fetch = Callable[[str], list[tuple[Any, ...]]]

_INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64}
_KINDS = {
    **dict.fromkeys(_INTEGER_BITS, Kind.INTEGER),
    "numeric": Kind.DECIMAL,
    "float4": Kind.FLOAT,
    "float8": Kind.FLOAT,
    "text": Kind.TEXT,
    "varchar": Kind.TEXT,
    "bpchar": Kind.TEXT,
    "citext": Kind.TEXT,
    "uuid": Kind.UUID,
    "bool": Kind.BOOLEAN,
    "timestamp": Kind.TIMESTAMP,
    "timestamptz": Kind.TIMESTAMP,
    "date": Kind.DATE,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
    "bytea": Kind.BYTES,
}
# What PostgreSQL puts before a type's modifier: the length of a header.
_HEADER = 4

_COLUMNS = """
    WITH RECURSIVE typed AS (
        SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name,
               format_type(a.atttypid, a.atttypmod) AS shown, a.atttypid AS type, a.atttypmod AS modifier,
               a.attnotnull AS not_null, a.atthasdef OR a.attidentity <> '' AS has_default,
               a.attgenerated <> '' AS generated
        FROM pg_attribute a WHERE a.attrelid IN ({oids}) AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT d.relation, d.number, d.name, d.shown, t.typbasetype,
               CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE d.modifier END,
               d.not_null OR t.typnotnull, d.has_default OR t.typdefault IS NOT NULL, d.generated
        FROM typed d JOIN pg_type t ON t.oid = d.type WHERE t.typtype = 'd'
    )
    SELECT c.relation::bigint, c.name::text, c.shown, t.typname::text, t.typnamespace = 'pg_catalog'::regnamespace,
           c.modifier, c.not_null, c.has_default, c.generated,
           (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
    FROM typed c JOIN pg_type t ON t.oid = c.type WHERE t.typtype <> 'd'
    ORDER BY c.relation, c.number
"""
_UNIQUE_KEYS = """
    SELECT i.indrelid::bigint, c.relname::text, i.indisprimary,
           (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE k.place <= i.indnkeyatts)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid IN ({oids}) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    ORDER BY NOT i.indisprimary, c.oid
"""
# A key on a partitioned table has copies for its partitions; a partition has copies of its table's keys.
_FOREIGN_KEYS = """
    SELECT f.conrelid::bigint, f.confrelid::bigint, f.conname::text,
           CASE WHEN pg_table_is_visible(p.oid) THEN p.relname ELSE pn.nspname || '.' || p.relname END,
           CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE cn.nspname || '.' || c.relname END,
           ({child_columns}), ({parent_columns})
    FROM pg_constraint f
    JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
    WHERE f.contype = 'f' AND (f.conrelid IN ({oids}) OR f.confrelid IN ({oids}))
      AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.oid = f.conparentid
                      AND (o.conrelid = f.conrelid OR f.conrelid NOT IN ({oids})))
    ORDER BY f.oid
"""
_NAMES_OF = """
    SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(f.{numbers}) WITH ORDINALITY k (number, place)
    JOIN pg_attribute a ON a.attrelid = f.{relation} AND a.attnum = k.number
"""


def read_tables(fetch: Fetch, found: Mapping[str, int]) -> dict[str, RealTable]:
    """Return the tables whose names and object identifiers are given."""
    names = _by_oid(found)
    if not names:
        return {}
    oids = ", ".join(map(str, names))
    columns: dict[int, dict[str, RealColumn]] = {oid: {} for oid in names}
    for oid, *row in fetch(_COLUMNS.format(oids=oids)):
        column = _column(row)
        columns[oid][column.name] = column
    unique: dict[int, list[UniqueKey]] = {oid: [] for oid in names}
    for oid, name, primary, key in fetch(_UNIQUE_KEYS.format(oids=oids)):
        unique[oid].append(UniqueKey(name, tuple(key), primary))
    foreign = fetch(_foreign_keys(oids))
    return {
        name: RealTable(
            name=name,
            columns=columns[oid],
            unique_keys=tuple(unique[oid]),
            foreign_keys=tuple(_foreign_key(row, names) for row in foreign if row[0] == oid),
            referenced_by=_referring(foreign, oid, names),
        )
        for oid, name in names.items()
    }


def _by_oid(found: Mapping[str, int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for name, oid in found.items():
        if oid in names:
            raise DatabaseError(f"expected one name for each table, found {names[oid]} and {name}, which are the same")
        names[oid] = name
    return names


def _foreign_keys(oids: str) -> str:
    return _FOREIGN_KEYS.format(
        oids=oids,
        child_columns=_NAMES_OF.format(numbers="conkey", relation="conrelid"),
        parent_columns=_NAMES_OF.format(numbers="confkey", relation="confrelid"),
    )


def _foreign_key(row: Sequence[Any], names: Mapping[int, str]) -> ForeignKey:
    _, parent, name, parent_name, _, columns, parent_columns = row
    return ForeignKey(name, tuple(columns), names.get(parent, parent_name), tuple(parent_columns))


def _referring(foreign: Iterable[Sequence[Any]], oid: int, names: Mapping[int, str]) -> tuple[str, ...]:
    found = {child: names.get(child, child_name) for child, parent, _, _, child_name, *_ in foreign if parent == oid}
    found.pop(oid, None)
    return tuple(found.values())


def _column(row: Sequence[Any]) -> RealColumn:
    name, shown, type_name, built_in, modifier, not_null, has_default, generated, labels = row
    kind = Kind.TEXT if labels else _KINDS.get(type_name) if built_in or type_name == "citext" else None
    low, high = _limits(type_name) if kind is Kind.INTEGER else (None, None)
    precision, scale = _digits(modifier) if kind is Kind.DECIMAL else (None, None)
    return RealColumn(
        name=name,
        type=shown,
        kind=kind,
        nullable=not not_null,
        has_default=has_default,
        generated=generated,
        low=low,
        high=high,
        longest=modifier - _HEADER if kind is Kind.TEXT and modifier >= _HEADER else None,
        precision=precision,
        scale=scale,
        labels=tuple(labels) if labels else None,
        aware=type_name == "timestamptz",
    )


def _limits(type_name: str) -> tuple[int, int]:
    half = 1 << (_INTEGER_BITS[type_name] - 1)
    return -half, half - 1


def _digits(modifier: int) -> tuple[int | None, int | None]:
    """Precision and scale out of a modifier of `numeric`: 16 bits, and 11 with a sign."""
    if modifier < _HEADER:
        return None, None
    bits = modifier - _HEADER
    return bits >> 16, ((bits & 0x7FF) ^ 0x400) - 0x400
