"""What looks at servers come to, and how that is told. Pure."""

from surgeline_systems.watching.account import Account
from surgeline_systems.watching.figures import Growth, Level, Share
from surgeline_systems.watching.tables import table

SIZE = Level("database_size_mb", unit="MB")
CONNECTIONS = Level("database_connections", unit="connections")
ROWS = Growth("database_rows_written", unit="rows")
CPU = Growth("process_cpu", unit="s", per_second="cores")
HITS = Share("database_cache_hit_rate", Growth("hits"), Growth("reads"))


def looked(account: Account, *looks: tuple[float, dict[str, float]]) -> list[dict[str, float]]:
    """What each look at a time came to, by the names of the figures."""
    return [{figure.name: value for figure, value in account.looked(at, now)} for at, now in looks]


def test_a_level_is_as_it_is_and_growth_is_what_was_added():
    account = Account([SIZE, ROWS])
    told = looked(
        account,
        (10, {SIZE.name: 5, ROWS.name: 1_000}),
        (12, {SIZE.name: 4, ROWS.name: 1_300}),
    )
    assert told == [{SIZE.name: 5}, {SIZE.name: 4, ROWS.name: 300}]
    assert account.seen[SIZE].values == [5, 4]
    assert account.seen[ROWS].values == [150]  # a second


def test_a_counter_that_was_reset_has_added_nothing():
    assert ROWS.between({ROWS.name: 10}, {ROWS.name: 3}) == 0


def test_a_share_is_of_what_was_added():
    assert HITS.between({"hits": 100, "reads": 10}, {"hits": 190, "reads": 20}) == 0.9
    assert HITS.between({"hits": 100, "reads": 10}, {"hits": 100, "reads": 10}) is None
    assert HITS.between({}, {"hits": 1, "reads": 1}) is None


def test_what_comes_after_an_absence_is_compared_with_nothing_before_it():
    account = Account([ROWS])
    looked(account, (1, {ROWS.name: 10}))
    account.was_away("gone")
    assert looked(account, (3, {ROWS.name: 0}), (4, {ROWS.name: 7})) == [{}, {ROWS.name: 7}]
    assert (account.looks, account.missed) == (3, 1)


def test_a_table_tells_all_figures_and_who_was_away():
    there, away, partly = Account([SIZE, CPU, HITS]), Account([ROWS]), Account([CONNECTIONS, ROWS])
    looks = (
        {SIZE.name: 1_000, CPU.name: 0, "hits": 0, "reads": 0},
        {SIZE.name: 2.5, CPU.name: 0.5, "hits": 3, "reads": 1},
    )
    looked(there, (0, looks[0]), (1, looks[1]))
    away.was_away("refused")
    looked(partly, (0, {CONNECTIONS.name: 1}))
    partly.was_away("hung")
    lines = table([("MariaDB", there), ("RabbitMQ", away), ("Redis", partly)])
    assert [" ".join(line.split()) for line in lines] == [
        "watched mean least most at the start at the end unit",
        "MariaDB: size 501 2.50 1,000 1,000 2.50 MB",
        "MariaDB: cpu 0.50 0.50 0.50 0.50 0.50 cores",
        "MariaDB: cache hit rate 75.00% 75.00% 75.00% 75.00% 75.00%",
        "Redis: connections 1 1 1 1 1 connections",
        "RabbitMQ: not reachable all the time: refused",
        "Redis: not reachable at 1 of 2 looks: hung",
    ]


def test_without_anything_to_tell_there_are_headings_alone():
    assert len(table([("Redis", Account([SIZE]))])) == 1
