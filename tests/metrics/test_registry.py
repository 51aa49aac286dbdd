"""Cells and the registry: what is counted where, and that blocks add up to totals."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline._native.cells import CounterCell, GaugeCell, RateCell, TrendCell
from surgeline.metrics import names, series_limit
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.registry import Registry

COUNTER = Metric("a_counter", MetricType.COUNTER)
RATE = Metric("a_rate", MetricType.RATE)
TREND = Metric("a_trend", MetricType.TREND, "time")
GAUGE = Metric("a_gauge", MetricType.GAUGE)

tags = st.fixed_dictionaries({}, optional={"a": st.sampled_from("xy"), "b": st.sampled_from("xyz")})


@given(st.lists(st.tuples(tags, st.integers(1, 100), st.booleans())), tags)
def test_select_by_tags_and_rotate(samples, wanted):
    """Blocks are ended at any moment; the totals do not depend on when."""
    registry = Registry()
    blocks = Counter()
    for own, amount, rotate in samples:
        registry.cell(COUNTER, own).add(amount)
        registry.cell(TREND, own).record(amount * 1_000_000)
        registry.cell(RATE, own).add(amount > 50)
        if rotate:
            blocks.update(_amounts(registry.rotate()))
    blocks.update(_amounts(registry.rotate()))
    registry.seconds = 2.0

    chosen = [amount for own, amount, _ in samples if wanted.items() <= own.items()]
    assert blocks["a_counter"] == sum(amount for _, amount, _ in samples)
    assert blocks["a_trend"] == blocks["a_rate"] == len(samples)
    if not chosen:
        assert registry.value("a_counter", wanted) is registry.value("a_trend", wanted) is None
        return
    counter, trend, rate = (registry.value(name, wanted) for name in ("a_counter", "a_trend", "a_rate"))
    assert (counter.stat("count"), counter.stat("rate")) == (sum(chosen), sum(chosen) / 2)
    assert (trend.stat("count"), trend.stat("min"), trend.stat("max")) == (len(chosen), min(chosen), max(chosen))
    assert trend.stat("avg") == pytest.approx(sum(chosen) / len(chosen))
    assert rate.stat("passes") == sum(amount > 50 for amount in chosen)
    assert rate.stat("passes") + rate.stat("fails") == len(chosen)


def _amounts(blocks):
    """What a second's blocks came to: a sum, or how many samples."""
    found = Counter()
    for series, block in blocks:
        match series.metric.type:
            case MetricType.COUNTER:
                found[series.metric.name] += int(block)
            case MetricType.RATE:
                found[series.metric.name] += block[1]
            case MetricType.TREND:
                found[series.metric.name] += block.count
    return found


@given(st.lists(st.tuples(tags, st.integers(1, 9))))
def test_by_tag_adds_up(samples):
    registry = Registry()
    expected = Counter()
    for own, amount in samples:
        registry.cell(COUNTER, own).add(amount)
        expected[own.get("a", ""), own.get("b", "")] += amount
    registry.rotate()
    found = registry.by_tag("a_counter", "a", "b")
    assert {key: value.stat("count") for key, value in found.items()} == expected


def test_a_series_is_one_cell_whatever_the_order_of_its_tags():
    registry = Registry()
    assert registry.cell(COUNTER, {"a": "1", "b": "2"}) is registry.cell(COUNTER, {"b": "2", "a": "1"})
    assert registry.cell(COUNTER, {"a": "1"}) is not registry.cell(COUNTER, {"a": "2"})


def test_tags_are_copied():
    registry, own = Registry(), {"a": "1"}
    registry.cell(COUNTER, own).add()
    own["a"] = "2"
    registry.rotate()
    assert registry.value("a_counter", {"a": "1"}).stat("count") == 1


def test_what_has_no_samples_is_not_there():
    registry = Registry()
    for metric in (COUNTER, RATE, TREND, GAUGE):
        registry.cell(metric, {})
    assert registry.rotate() == []
    assert registry.metrics() == []
    assert registry.value("no_such") is None
    registry.cell(COUNTER, {}).add()
    assert registry.value("a_counter") is None, "a sample counts when its block has ended"
    registry.rotate()
    assert [metric.name for metric in registry.metrics()] == ["a_counter"]


def test_a_second_without_samples_is_no_block():
    registry = Registry()
    registry.cell(RATE, {}).add(False)
    registry.cell(TREND, {}).record(1)
    assert len(registry.rotate()) == 2
    assert registry.rotate() == []
    assert registry.value("a_rate").stat("fails") == 1


def test_a_histogram_of_a_block_is_that_blocks_alone():
    cell = TrendCell()
    for value in (1, 2, 3):
        cell.record(value)
        assert [count for _, _, count in cell.rotate().buckets()] == [1]
    assert cell.rotate() is None
    assert cell.total.count == 3


def test_gauges_of_several_series():
    """The whole of a gauge is what was set last, on whichever series."""
    registry = Registry()
    for own, values in (({"a": "x"}, (3, 5)), ({"a": "y"}, (4, 1))):
        for value in values:
            registry.cell(GAUGE, own).set(value)
    assert [block for _, block in registry.rotate()] == [(5, 3, 5), (1, 1, 4)]
    assert registry.rotate() == []
    registry.cell(GAUGE, {"a": "x"}).set(2)
    value = registry.value("a_gauge")
    assert (value.stat("value"), value.stat("min"), value.stat("max")) == (2, 1, 5)
    assert registry.value("a_gauge", {"a": "y"}).stat("value") == 1


def test_gauges_that_add_up():
    """The largest sum, and not the sum of the largest values, which need not have come together."""
    registry = Registry()
    for first, second in ((10, 0), (10, 5), (0, 7)):
        registry.cell(names.VUS, {"scenario": "a"}).set(first)
        registry.cell(names.VUS, {"scenario": "b"}).set(second)
        registry.rotate()
    value = registry.value("vus")
    assert (value.stat("value"), value.stat("min"), value.stat("max")) == (7, 7, 15)
    assert registry.value("vus", {"scenario": "a"}).stat("max") == 10


def test_an_empty_value_selects_what_has_no_such_tag():
    registry = Registry()
    for own in ({}, {"group": "::a"}, {"group": "::a::b"}):
        registry.cell(COUNTER, own).add()
    registry.rotate()
    assert registry.count("a_counter", {"group": ""}) == registry.count("a_counter", {"group": "::a"}) == 1


SAMPLES = st.lists(st.tuples(tags, st.integers(1, 1_000_000)))


@given(SAMPLES, st.integers(1, 5))
def test_blocks_made_elsewhere_are_absorbed(samples, every):
    """Two registries, one fed and the other given its blocks, come to the same."""
    fed, given_blocks = Registry(), Registry()
    for number, (own, amount) in enumerate(samples):
        fed.cell(COUNTER, own).add(amount)
        fed.cell(TREND, own).record(amount)
        fed.cell(RATE, own).add(amount % 2)
        fed.cell(GAUGE, own).set(amount)
        fed.cell(names.VUS, own).set(amount)
        if number % every == 0:
            _pass_on(fed, given_blocks)
    _pass_on(fed, given_blocks)
    for metric in (COUNTER, TREND, RATE, GAUGE, names.VUS):
        for wanted in ({}, {"a": "x"}):
            assert _stats(fed.value(metric.name, wanted)) == _stats(given_blocks.value(metric.name, wanted))


def _pass_on(source, target):
    for series, block in source.rotation():
        target.absorb(series.metric, series.tags, block)
    target.end_second()


def _stats(value):
    words = ("count", "passes", "fails", "value", "min", "max", "avg", "p(90)")
    return value and {word: value.stat(word) for word in words if _has(value, word)}


def _has(value, word):
    try:
        value.stat(word)
    except KeyError:
        return False
    return True


def test_a_tag_without_end_is_named_and_its_values_count_together(monkeypatch):
    monkeypatch.setattr(series_limit, "MOST_SERIES", 20)
    monkeypatch.setattr(series_limit, "FEW_VALUES", 5)
    messages = []
    registry = Registry(messages.append)
    for number in range(1000):
        url = f"http://x/users/{number}"
        own = {"method": "GET" if number % 2 else "PUT", "name": url, "url": url, "status": "200"}
        registry.cell(COUNTER, own).add()
        registry.cell(RATE, own).add(True)
    registry.rotate()
    assert registry.value("a_counter").count == registry.value("a_rate").passes == 1000
    assert registry.count("a_counter", {"name": "(other)", "url": "(other)", "method": "PUT"}) == 495
    assert len(list(registry.select("a_counter"))) == 12
    (message,) = messages
    assert "the tag 'name' has too many values, such as 'http://x/users/10'" in message
    assert 'name="get-user"' in message


def test_too_many_series_without_one_tag_at_fault(monkeypatch):
    """Then there is no end to them either way, and every sample still counts."""
    monkeypatch.setattr(series_limit, "MOST_SERIES", 3)
    registry = Registry()
    for number in range(50):
        registry.cell(COUNTER, {"a": str(number), "b": str(number % 7), "c": "same"}).add()
    registry.rotate()
    assert registry.value("a_counter").count == 50
    assert len(list(registry.select("a_counter"))) < 10


def test_cells_alone():
    counter, rate, gauge = CounterCell(), RateCell(), GaugeCell()
    counter.add()
    counter.add(2.5)
    assert (counter.total, counter.rotate(), counter.total, counter.rotate()) == (0, 3.5, 3.5, 0)
    rate.add(True)
    rate.add(False)
    assert (rate.rotate(), rate.passes, rate.count, rate.rotate()) == ((1, 2), 1, 2, (0, 0))
    gauge.set(-2)
    assert (gauge.value, gauge.min, gauge.max, gauge.count) == (-2, -2, -2, 1)
    with pytest.raises(OverflowError):
        TrendCell().record(-1)


def test_wrong_aggregations_are_refused():
    registry = Registry()
    registry.cell(COUNTER, {}).add()
    registry.cell(TREND, {}).record(1)
    registry.cell(RATE, {}).add(True)
    registry.cell(GAUGE, {}).set(1)
    registry.rotate()
    for name, wrong in (("a_counter", "p(95)"), ("a_trend", "rate"), ("a_rate", "avg"), ("a_gauge", "count")):
        with pytest.raises(KeyError):
            registry.value(name).stat(wrong)


def test_rates_over_no_time_are_nothing():
    registry = Registry()
    registry.cell(COUNTER, {}).add()
    registry.rotate()
    assert registry.value("a_counter").stat("rate") == 0.0
    assert not math.isnan(registry.value("a_counter").stat("count"))


def test_built_in_metrics_are_k6s_by_name():
    k6 = (
        "http_reqs http_req_duration http_req_blocked http_req_connecting http_req_tls_handshaking http_req_sending "
        "http_req_waiting http_req_receiving http_req_failed iterations iteration_duration dropped_iterations checks "
        "vus vus_max data_sent data_received"
    )
    assert BUILTIN.keys() >= set(k6.split())
    assert all(name == metric.name for name, metric in BUILTIN.items())
    assert BUILTIN["http_req_duration"] is names.HTTP_REQ_DURATION
