"""Tables that refer to others: which must not be emptied alone. Must not know any database."""

from collections.abc import Mapping

from surgeline.seeding.database import DatabaseError, RealTable


def refuse_references(emptied: Mapping[str, RealTable]) -> None:
    """Raise DatabaseError, naming it, for a table that refers to one of these and is not among them."""
    for table, real in emptied.items():
        if others := set(real.referenced_by) - set(emptied):
            raise DatabaseError(
                f"expected no other table to refer to {table}, found a foreign key of {', '.join(sorted(others))}; "
                "empty that one too"
            )
