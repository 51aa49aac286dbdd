"""The log beside the package `hdrhistogram`, which reads it: every count in its own bucket."""

import io
from datetime import UTC, datetime

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given, settings
from hypothesis import strategies as st
from store_support import a_run

from surgeline._native.histogram import Histogram
from surgeline.metrics import names
from surgeline.metrics.registry import SETUP, TEARDOWN, Registry
from surgeline.store.hdr_log import HdrLog, encode_v2
from surgeline.store.reader import open_run

LARGEST = 2**63 - 1
values = st.integers(0, 5000) | st.integers(0, 10**10) | st.integers(0, 2**62)
PERCENTILES = (0, 10, 50, 90, 99, 99.9, 100)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(values, st.integers(1, 2**40), min_size=1, max_size=40))
def test_counts_and_percentiles_are_equal(times):
    ours = Histogram()
    theirs = HdrHistogram(1, max(3_600_000_000_000, *times), 3)
    for value, count in times.items():
        ours.record(value, count)
        theirs.record_value(value, count)
    read = HdrHistogram.decode(encode_v2(ours))

    assert read.get_total_count() == ours.count == theirs.get_total_count()
    assert list(read.counts) == list(theirs.counts)
    for lowest, _, count in ours.buckets():
        assert read.get_count_at_value(lowest) == count
    for percentile in PERCENTILES:
        assert read.get_value_at_percentile(percentile) == theirs.get_value_at_percentile(percentile)


def test_nothing_is_a_histogram_too():
    assert HdrHistogram.decode(encode_v2(Histogram())).get_total_count() == 0


@pytest.mark.parametrize("value", [LARGEST - 1, LARGEST, 2**63, 2**64 - 1])
def test_what_is_too_large_counts_as_the_largest(value):
    histogram = Histogram()
    histogram.record(1)
    histogram.record(value)
    read = HdrHistogram.decode(encode_v2(histogram))
    assert read.get_total_count() == 2
    assert read.get_count_at_value(LARGEST) == 1


def test_a_run_as_a_log(tmp_path):
    run = a_run(tmp_path)
    run.finish()
    path = tmp_path / "run.hlog"
    with path.open("w") as file, open_run(run.file.path) as stored:
        log = HdrLog(file, stored.facts.started_at)
        stored.replay([log], tags={"name": "/a"})

    reader = HistogramLogReader(str(path), HdrHistogram(1, 3_600_000_000_000, 3))
    read = []
    while (interval := reader.get_next_interval_histogram()) is not None:
        read.append(interval)
    reader.close()
    assert len(read) == log.lines == 3
    started = stored.facts.started_at.timestamp()
    assert [round(one.get_start_time_stamp() / 1000 - started) for one in read] == [0, 1, 2]
    assert [one.get_total_count() for one in read] == [1, 2, 3]
    assert read[0].get_tag().startswith("http_req_duration{")
    assert "name=/a" in read[0].get_tag()
    total = HdrHistogram(1, 3_600_000_000_000, 3)
    for one in read:
        total.add(one)
    expected = run.registry.value("http_req_duration", {"name": "/a"})
    assert total.get_total_count() == expected.stat("count")
    assert total.get_max_value() / 1e6 == pytest.approx(expected.stat("max"), rel=0.001)


def test_set_up_and_tear_down_are_moments_before_and_after_the_load():
    registry = Registry()
    out = io.StringIO()
    log = HdrLog(out, datetime(2026, 1, 1, tzinfo=UTC))
    for second, seconds in ((SETUP, 0.0), (0, 1.0), (1, 1.7), (TEARDOWN, 1.7)):
        registry.cell(names.HTTP_REQ_DURATION, {}).record(5)
        log.take(second, registry.rotate())
        log.end_second(second, seconds)
    lines = [line.split(",")[1:3] for line in out.getvalue().splitlines()[-4:]]
    assert lines == [["0.000", "0.000"], ["0.000", "1.000"], ["1.000", "0.700"], ["1.700", "0.000"]]


def test_a_tag_holds_no_comma_and_no_space():
    registry = Registry()
    registry.cell(names.HTTP_REQ_DURATION, {"name": "GET /a, b\n\u00e4\udcff", "z": "1"}).record(5)
    out = io.StringIO()
    log = HdrLog(out, datetime(2026, 1, 1, tzinfo=UTC))
    log.take(0, registry.rotate())
    log.end_second(0, 1.0)
    line = out.getvalue().splitlines()[-1]
    tag, start, length, largest, _ = line.split(",")
    assert tag == "Tag=http_req_duration{name=GET%20/a%2C%20b%0A%C3%A4?;z=1}"
    assert (start, length, largest) == ("0.000", "1.000", "0.000")
