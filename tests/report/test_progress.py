"""The live status line."""

from dataclasses import replace
from timeit import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.report.progress import ProgressSnapshot, render_progress

HALF = ProgressSnapshot(
    elapsed_s=150.7,
    total_s=300.0,
    rate=1_998.0,
    vus=42,
    p95_ms=12.34,
    errors=3,
    failed_share=0.0001,
    iterations=299_700,
    iterations_total=None,
    dropped=0,
)
LINES = [
    (
        HALF,
        120,
        "██████████░░░░░░░░░░  2m30s/5m00s  1,998/s  p95 12.34ms  3 failed (0.01%)  42 VUs  299,700 iterations",
    ),
    (HALF, 80, "██████░░░░░░░  2m30s/5m00s  1,998/s  p95 12.34ms  3 failed (0.01%)  42 VUs"),
    (HALF, 40, "2m30s/5m00s  1,998/s  p95 12.34ms"),
    (replace(HALF, total_s=None), 60, "2m30s  1,998/s  p95 12.34ms  3 failed (0.01%)  42 VUs"),
    (
        replace(HALF, total_s=None, iterations_total=399_600, errors=0, vus=1),
        100,
        "████████████░░░░  2m30s  1,998/s  p95 12.34ms  0 failed  1 VU  299,700/399,600 iterations",
    ),
    (
        replace(HALF, dropped=1_204, p95_ms=None, rate=0.0, elapsed_s=7.9),
        110,
        "░░░░░░░░░░░░░░░░░░  7s/5m00s  0/s  no answers  3 failed (0.01%)  1,204 dropped  42 VUs  299,700 iterations",
    ),
    (
        replace(HALF, elapsed_s=300.0, under_way=1_234),
        90,
        "███████████████  5m00s/5m00s  load ended, waiting for 1,234 under way in flows",
    ),
]


@pytest.mark.parametrize(("snapshot", "width", "line"), LINES)
def test_line(snapshot, width, line):
    assert render_progress(snapshot, width) == line


SNAPSHOTS = st.builds(
    ProgressSnapshot,
    elapsed_s=st.floats(0, 1e6),
    total_s=st.none() | st.floats(0, 1e6),
    rate=st.floats(0, 1e7),
    vus=st.integers(0, 100_000),
    p95_ms=st.none() | st.floats(0, 1e6),
    errors=st.integers(0, 10**9),
    failed_share=st.floats(0, 1),
    iterations=st.integers(0, 10**10),
    iterations_total=st.none() | st.integers(0, 10**10),
    dropped=st.integers(0, 10**9),
)


@given(SNAPSHOTS, st.integers(0, 250))
def test_never_longer_than_the_width(snapshot, width):
    assert len(render_progress(snapshot, width)) <= width


@given(SNAPSHOTS)
def test_a_wide_line_leaves_nothing_out(snapshot):
    line = render_progress(snapshot, 250)

    assert f"{snapshot.errors:,} failed" in line
    assert f" VU{'s' * (snapshot.vus != 1)}" in line
    assert line.endswith(" iterations")
    assert ("dropped" in line) is (snapshot.dropped > 0)


def test_is_cheap():
    fastest = min(timeit(lambda: render_progress(HALF, 120), number=200) for _ in range(5)) / 200

    assert fastest < 50e-6
