"""The table of flows, from samples in a registry."""

import pytest

from surgeline.metrics import names
from surgeline.metrics.registry import Registry
from surgeline.report.flows import flow_remarks, flows_section

COUNTS = ("started", "arrived", "late", "lost", "cancelled", "open", "duplicates", "unknown")


def registry(**flows):
    """Samples of flows: counts by name, milliseconds of arrivals, intervals between looks by how often."""
    samples = Registry()
    for flow, facts in flows.items():
        tags = {"flow": flow, "team": "red"}
        for name in COUNTS:
            samples.cell(names.BUILTIN[f"flow_{name}"], tags).add(facts.get(name, 0))
        for took in facts.get("took", ()):
            samples.cell(names.FLOW_DURATION, tags).record(took * 1_000_000)
        for interval in facts.get("looks", ()):
            samples.cell(names.FLOW_LOOK_INTERVAL, {**tags, "every": "100ms"}).record(interval * 1_000_000)
        samples.cell(names.FLOW_LOOK_ERRORS, tags).add(facts.get("failed", 0))
    samples.rotate()
    return samples


PUSHED = {"started": 1_200, "arrived": 1_190, "late": 4, "lost": 5, "open": 1, "duplicates": 7, "took": [20, 30, 4_000]}
POLLED = {"started": 3, "arrived": 2, "cancelled": 1, "took": [100, 200], "looks": [100, 101, 130], "failed": 2}


def text(samples, width):
    return "\n".join(line.plain for line in flows_section(samples, width))


def test_the_table():
    assert (
        text(registry(pushed=PUSHED, polled=POLLED), 130)
        == """\
FLOWS     started  arrived  late  lost  cancelled  duplicates  open      p50      p95      p99      max  resolution
  pushed    1,200    1,190     4     5          0           7     1  30.01ms    3.60s    3.92s    4.00s       exact
  polled        3        2     0     0          1           0     0  150.0ms  195.0ms  199.0ms  200.0ms     130.0ms
  polled: polled every 100ms; between looks p50 101.0ms, p99 129.4ms, max 130.0ms; 2 looks raised an exception"""
    )


@pytest.mark.parametrize("width", [80, 90, 100, 110])
def test_what_tells_least_goes_first_where_there_is_no_room(width):
    header, *lines = text(registry(polled=POLLED), width).splitlines()

    assert all(len(line) <= width for line in (header, lines[0]))
    assert {"started", "arrived", "late", "lost", "cancelled", "p50", "p95"} <= set(header.split())
    assert "resolution" in (lines[1] if width < 110 else header)


def test_there_is_no_table_without_flows_and_no_times_where_nothing_arrived():
    assert flows_section(registry(), 100) == []
    assert text(registry(gone={"started": 2, "lost": 2}), 120).splitlines()[1].split() == [
        *("gone", "2", "0", "0", "2", "0", "0"),
        *("-", "-", "-", "-", "-"),
    ]


def test_what_was_lost_is_remarked():
    assert flow_remarks(registry(pushed=PUSHED, polled=POLLED)) == ["5 of 1,200 pushed were lost"]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, ": no watcher looked for them, and arrived() was not called"),
        ({"looks": [100]}, ""),
        ({"unknown": 2}, ""),
    ],
    ids=["nobody listened", "a watcher found nothing", "a consumer told of other keys"],
)
def test_of_a_flow_to_which_nobody_listened_the_remark_says_so(facts, why):
    assert flow_remarks(registry(gone={"started": 2, "lost": 2, **facts})) == [f"2 of 2 gone were lost{why}"]
