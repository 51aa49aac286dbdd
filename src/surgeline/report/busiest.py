"""Which requests or operations of very many a table for people shows. Pure choice; must not know how a table looks."""

from collections.abc import Sequence
from heapq import nlargest

from surgeline.report.format import number
from surgeline.result import Kind, RequestRow

MOST_NAMES = 50
"""More nobody reads; a script that gives its requests no names has one for each URL."""
_ADVICE = {
    Kind.REQUESTS: 'give requests whose URL holds an id a name: vu.http.get(url, name="…")',
    Kind.GRPC_CALLS: "give calls that differ in an id one name",
    Kind.OPERATIONS: "give operations that differ in an id one name",
}


def rows_to_show(rows: Sequence[RequestRow]) -> list[RequestRow]:
    """Return the busiest rows, and those that failed most often, up to `MOST_NAMES` of each, in the order given."""
    places = range(len(rows))
    failed = [place for place in places if rows[place].failed.passes]
    busiest = nlargest(MOST_NAMES, places, key=lambda place: rows[place].count)
    most_failed = nlargest(MOST_NAMES, failed, key=lambda place: rows[place].failed.passes)
    return [rows[place] for place in sorted({*busiest, *most_failed})]


def rest_of(rows: Sequence[RequestRow], shown: Sequence[RequestRow]) -> str:
    """Return how many rows are not shown, and how there would be fewer; nothing where all are."""
    more = len(rows) - len(shown)
    if not more:
        return ""
    return f"… {number(more)} more {'name' if more == 1 else 'names'}; {_ADVICE[rows[0].kind]}"
