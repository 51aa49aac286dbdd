"""The rows of a result: what samples of requests and of operations come to."""

import pytest

from surgeline.breakdown import failure_kinds, median_service_ms, request_rows
from surgeline.metrics import names
from surgeline.metrics.registry import Registry
from surgeline.result import FailureKind, Kind

OF = {
    "request": (names.HTTP_REQS, names.HTTP_REQ_FAILED, names.HTTP_REQ_DURATION),
    "operation": (names.OPERATIONS, names.OPERATION_FAILED, names.OPERATION_DURATION),
}


def registry(*samples):
    """Samples: what, its tags, its milliseconds; those with an error failed."""
    made = Registry()
    for what, tags, milliseconds in samples:
        count, failed, duration = OF[what]
        made.cell(count, tags).add()
        made.cell(failed, tags).add("error" in tags)
        made.cell(duration, tags).record(milliseconds * 1_000_000)
    made.rotate()
    made.seconds = 2.0
    return made


REFUSED = {"error_code": "1212", "error": "connection refused"}
SAMPLES = (
    ("operation", {"name": "query", "scenario": "a"}, 1),
    ("request", {"method": "GET", "name": "/", **REFUSED}, 10),
    ("operation", {"name": "publish", "error": "TimeoutError"}, 2),
    ("operation", {"name": "query", "scenario": "b", "shard": "3"}, 3),
    ("operation", {"name": "query", "error": "TimeoutError"}, 5),
    ("operation", {"name": "query", "error": "TimeoutError", "shard": "3"}, 7),
    ("request", {"method": "GET", "name": "/"}, 30),
    ("request", {"method": "PUT", "name": "/"}, 50),
)


def test_a_row_for_each_name_requests_first():
    rows = request_rows(registry(*SAMPLES))

    assert [(row.kind, row.title, row.count, row.failed.passes, row.rate) for row in rows] == [
        (Kind.REQUESTS, "GET /", 2, 1, 1.0),
        (Kind.REQUESTS, "PUT /", 1, 0, 0.5),
        (Kind.OPERATIONS, "query", 4, 2, 2.0),
        (Kind.OPERATIONS, "publish", 1, 1, 0.5),
    ]
    assert [round(row.duration.stat("avg"), 3) for row in rows] == [20, 50, 4, 2]


def test_failures_of_operations_are_told_apart_by_name():
    assert failure_kinds(registry(*SAMPLES)) == (
        FailureKind(1212, "connection refused", 1),
        FailureKind(0, "query: TimeoutError", 2, Kind.OPERATIONS),
        FailureKind(0, "publish: TimeoutError", 1, Kind.OPERATIONS),
    )


def test_a_code_that_is_counted_with_others_is_none():
    made = registry(("request", {"name": "/", "error_code": "(other)", "error": "reset"}, 1))

    assert failure_kinds(made) == (FailureKind(0, "reset", 1),)


@pytest.mark.parametrize(
    ("samples", "expected"), [(SAMPLES, 30), ([one for one in SAMPLES if one[0] == "operation"], 3), ((), 400)]
)
def test_the_service_time_is_of_what_the_run_did(samples, expected):
    made = registry(*samples)
    made.cell(names.ITERATION_DURATION, {}).record(400_000_000)
    made.rotate()

    assert median_service_ms(made) == pytest.approx(expected, rel=0.001)


def test_without_samples_there_is_no_service_time():
    assert median_service_ms(Registry()) == 0.0
    assert request_rows(Registry()) == failure_kinds(Registry()) == ()
