"""The data of a test: declared tables, made the same anywhere, put into a database and found there again.

What is imported here is for declarations; how they get into a database is known below.
"""

from surgeline.seeding.choices import boolean, choice, constant, nulls
from surgeline.seeding.declaration import BoundColumn, Table, Written, table, written
from surgeline.seeding.documents import json
from surgeline.seeding.ids import pattern, sequence, uuid
from surgeline.seeding.numbers import decimal, integer, normal, number
from surgeline.seeding.own import Row, computed
from surgeline.seeding.people import email, name
from surgeline.seeding.references import foreign_key
from surgeline.seeding.times import date, timestamp
from surgeline.seeding.words import text

__all__ = [
    "BoundColumn",
    "Row",
    "Table",
    "Written",
    "boolean",
    "choice",
    "computed",
    "constant",
    "date",
    "decimal",
    "email",
    "foreign_key",
    "integer",
    "json",
    "name",
    "normal",
    "nulls",
    "number",
    "pattern",
    "sequence",
    "table",
    "text",
    "timestamp",
    "uuid",
    "written",
]
