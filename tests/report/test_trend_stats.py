"""k6's `--summary-trend-stats`."""

import pytest

from surgeline.errors import OptionError
from surgeline.metrics.trend_stats import DEFAULT_TREND_STATS, parse_trend_stats

READ = [
    ("avg", ("avg",)),
    ("avg,min,med,max,p(90),p(95),p(99)", DEFAULT_TREND_STATS),
    (" p( 99.9 ) , count ", ("p(99.9)", "count")),
    ("p(0),p(100),p(99.99)", ("p(0)", "p(100)", "p(99.99)")),
    ("max,avg,max", ("max", "avg")),
]


@pytest.mark.parametrize(("text", "stats"), READ)
def test_reads_a_list(text, stats):
    assert parse_trend_stats(text) == stats


WRONG = [
    ("", "found an empty name"),
    ("avg,", "found an empty name"),
    ("avg;max", 'found "avg;max"'),
    ("median", 'found "median"'),
    ("p95", 'found "p95"'),
    ("p(101)", 'found "p(101)"'),
    ("p(-1)", 'found "p(-1)"'),
    ("rate", 'found "rate"'),
]


@pytest.mark.parametrize(("text", "found"), WRONG)
def test_refuses_what_a_trend_does_not_have(text, found):
    with pytest.raises(OptionError) as caught:
        parse_trend_stats(text)

    assert str(caught.value).startswith(f'trend statistics "{text}": expected avg, min, med, max, count or p(N)')
    assert str(caught.value).endswith(found)
