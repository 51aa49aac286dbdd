"""The seconds of several workers, put together: nothing lost, nothing twice, in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.histogram import Histogram
from surgeline.metrics.names import CHECKS, ITERATION_DURATION, ITERATIONS, VUS, Metric, MetricType
from surgeline.metrics.registry import SETUP, TEARDOWN, Registry
from surgeline.workers.seconds import Seconds

LOAD = Metric("load", MetricType.GAUGE)


class Keeping:
    """A sink that keeps what it is given."""

    def __init__(self):
        self.given = []
        self.ended = []

    def take(self, second, blocks):
        self.given += [(second, series.metric.name, plain(block)) for series, block in blocks]

    def end_second(self, second, seconds):
        self.ended.append((second, seconds))


def plain(block):
    return sorted(block.buckets()) if isinstance(block, Histogram) else block


def histogram(*values):
    made = Histogram()
    for value in values:
        made.record(value)
    return made


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def sink():
    return Keeping()


@pytest.mark.parametrize(
    ("metric", "blocks", "together"),
    [
        (ITERATIONS, [2.0, 3.0], 5.0),
        (CHECKS, [(1, 2), (3, 3)], (4, 5)),
        (ITERATION_DURATION, [histogram(5, 7).encode(), histogram(7).encode()], plain(histogram(5, 7, 7))),
        (VUS, [(3.0, 1.0, 4.0), (5.0, 5.0, 5.0)], (8.0, 6.0, 9.0)),
        (LOAD, [(3.0, 1.0, 4.0), (5.0, 0.0, 5.0)], (5.0, 0.0, 5.0)),
    ],
)
def test_blocks_of_one_second_add_up(registry, sink, metric, blocks, together):
    seconds = Seconds(registry, [sink])
    series = registry.series(metric, {"scenario": "a"})
    for worker, block in enumerate(blocks):
        seconds.add(worker, 0, 1.0, [(series, block)])
    seconds.end(1)
    assert sink.given == [(0, metric.name, together)]
    assert sink.ended == [(0, 1.0)]
    assert registry.metrics() == [metric]


def test_a_gauge_that_adds_up_stands_where_a_quiet_worker_left_it(registry, sink):
    seconds = Seconds(registry, [sink])
    series = registry.series(VUS, {})
    seconds.add(0, 0, 1.0, [(series, (3.0, 3.0, 3.0))])
    seconds.add(1, 0, 1.0, [(series, (4.0, 4.0, 4.0))])
    seconds.add(1, 1, 2.0, [(series, (5.0, 5.0, 5.0))])
    seconds.end(2)
    seconds.forget(0)
    seconds.add(1, 2, 3.0, [(series, (6.0, 6.0, 6.0))])
    seconds.end_all()
    assert [block[0] for _, _, block in sink.given] == [7.0, 8.0, 6.0]
    assert registry.value("vus").stat("max") == 8.0


def test_what_comes_late_counts_in_the_next_second(registry, sink):
    seconds = Seconds(registry, [sink])
    series = registry.series(ITERATIONS, {})
    for second in range(3):
        seconds.add(0, second, second + 1.0, [(series, 1.0)])
    seconds.end(3)
    seconds.add(1, 0, 1.0, [(series, 10.0)])
    seconds.add(0, 3, 4.0, [(series, 1.0)])
    seconds.end_all()
    assert sink.given == [
        (0, "iterations", 1.0),
        (1, "iterations", 1.0),
        (2, "iterations", 1.0),
        (3, "iterations", 11.0),
    ]
    assert sink.ended == [(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]
    assert registry.count("iterations") == 14.0


def test_what_was_recorded_here_comes_before_and_after(registry, sink):
    seconds = Seconds(registry, [sink])
    registry.cell(ITERATIONS, {"group": "::setup"}).add()
    seconds.end_own(SETUP, 0.0)
    seconds.add(0, 0, 0.7, [(registry.series(ITERATIONS, {}), 5.0)])
    seconds.end_all()
    registry.cell(ITERATIONS, {"group": "::teardown"}).add()
    seconds.end_own(TEARDOWN, 0.7)
    assert sink.given == [(SETUP, "iterations", 1.0), (0, "iterations", 5.0), (TEARDOWN, "iterations", 1.0)]
    assert sink.ended == [(SETUP, 0.0), (0, 0.7), (TEARDOWN, 0.7)]
    assert registry.seconds == 0.7


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.lists(st.integers(0, 10**9), min_size=1, max_size=5))),
    st.lists(st.integers(0, 6)),
)
def test_however_it_arrives_the_whole_is_the_same(reports, ends):
    registry, sink = Registry(), Keeping()
    seconds = Seconds(registry, [sink])
    durations, count = registry.series(ITERATION_DURATION, {}), registry.series(ITERATIONS, {})
    for number, (worker, second, values) in enumerate(reports):
        seconds.add(
            worker, second, second + 1.0, [(durations, histogram(*values).encode()), (count, float(len(values)))]
        )
        if number < len(ends):
            seconds.end(ends[number])
    seconds.end_all()
    everything = [value for _, _, values in reports for value in values]
    assert registry.count("iterations") == len(everything)
    assert plain(durations.cell.total) == plain(histogram(*everything))
    numbers = [second for second, _ in sink.ended]
    assert numbers == sorted(set(numbers))
    assert [seconds for _, seconds in sink.ended] == sorted(seconds for _, seconds in sink.ended)
    assert {second for second, _, _ in sink.given} <= set(numbers)
