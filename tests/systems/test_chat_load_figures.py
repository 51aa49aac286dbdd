"""What the load script of the chat system makes of its figures. Pure."""

from surgeline_systems.chat.load.positions import PATIENCE_SECONDS, Gap, Positions
from surgeline_systems.chat.load.progress import Progress
from surgeline_systems.chat.load.tables import Part, measured, tables

VALUES = {
    ("http_req_failed{load:writes}", "passes"): 23,
    ("http_req_failed{load:writes}", "fails"): 75_433,
    ("http_req_duration{load:writes}", "avg"): 12.5,
    ("http_req_duration{load:writes}", "p(99)"): 45.71,
}


def value(selector: str, statistic: str) -> float | None:
    return VALUES.get((selector, statistic))


def test_what_was_written_in_order_leaves_nothing_open():
    positions = Positions(10)
    positions.seen([11, 12], now=0)
    assert (positions.top, positions.gaps) == (12, [])


def test_a_writer_that_was_overtaken_is_waited_for():
    positions = Positions(10)
    positions.seen([11, 16], now=0)
    assert (positions.top, positions.gaps) == (16, [Gap(12, 15, 0)])
    positions.seen([13, 17], now=0.5)
    assert (positions.top, positions.gaps) == (17, [Gap(12, 12, 0), Gap(14, 15, 0)])
    positions.seen([12, 14, 15], now=0.6)
    assert positions.gaps == []


def test_a_position_that_never_comes_is_not_waited_for_without_end():
    positions = Positions(10)
    positions.seen([12], now=0)
    positions.seen([14], now=PATIENCE_SECONDS)
    assert positions.gaps == [Gap(11, 11, 0), Gap(13, 13, PATIENCE_SECONDS)]
    positions.seen([], now=PATIENCE_SECONDS + 0.1)
    assert positions.gaps == [Gap(13, 13, PATIENCE_SECONDS)]


def test_progress_is_told_in_sums_and_by_how_fast_it_was_since_the_last_line():
    progress = Progress(writes=100, reads=500)
    assert progress.line(5) == "[5s] Writes: 100 (20/s) | Reads: 500 (100/s)"
    progress.writes += 30
    assert progress.line(10.2) == "[10s] Writes: 130 (6/s) | Reads: 500 (0/s)"


def test_the_throughput_is_that_of_what_succeeded():
    found = measured(Part("writes", 5_000), 30, value)
    assert (found.total, found.failed) == (75_456, 23)
    assert round(found.throughput, 2) == 2514.43
    assert found.passed
    assert not measured(Part("writes", 5_100), 30, value).passed


def test_the_tables_tell_all_of_it():
    lines = tables([Part("writes", 5_000), Part("reads", 10_000)], 30, value, "failed").splitlines()
    told = [" ".join(line.split()) for line in lines if line]
    assert told[3:13] == [
        "Duration: 30.00 seconds",
        "Writes:",
        "Total: 75456",
        "Failed: 23",
        "Success Rate: 99.97%",
        "Throughput: 2514.43 writes/sec",
        "Target: 5000 writes/sec ✓ PASS",
        "Latency:",
        "Avg: 12.5ms",
        "P50: -",
    ]
    assert "P99: 45.7ms" in told
    reads = told[told.index("Reads:") :]
    assert reads[1:6] == [
        "Total: 0",
        "Failed: 0",
        "Success Rate: 0.00%",
        "Throughput: 0.00 reads/sec",
        "Target: 10000 reads/sec ✗ FAIL",
    ]
    assert told[-2] == "Overall: failed"
