"""The summary file is what k6's own tools expect: exact keys, exact names, no value that JSON lacks."""

import json
import os
import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from surgeline._native.histogram import Histogram
from surgeline.errors import OptionError
from surgeline.judge.evaluate import evaluate
from surgeline.judge.grammar import parse_thresholds
from surgeline.judge.verdict import judge
from surgeline.metrics.health import GeneratorHealth
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.metrics.values import CounterValue, GaugeValue, RateValue, TrendValue
from surgeline.outputs.k6_summary import k6_summary, write_k6_summary
from surgeline.result import RunResult

HEALTH = GeneratorHealth(0.1, 0.0, 0.0, 0.0, 0, 0, 0.0, 0.0, 1.0, 1_000_000, 10.0)


def trend(*milliseconds):
    histogram = Histogram()
    for value in milliseconds:
        histogram.record(value * 1_000_000)
    return TrendValue(histogram)


VALUES = {
    ("http_reqs", ""): CounterValue(40, 20.0),
    ("http_req_duration", ""): trend(1, 2, 3),
    ("http_req_duration", "name=validate"): trend(2),
    ("http_req_duration", "expected_response=true"): trend(1),
    ("http_req_failed", ""): RateValue(1, 3),
    ("vus", ""): GaugeValue(5, 1, 9.5),
    ("data_sent", ""): CounterValue(1_500, 0.0),
    ("checks", ""): RateValue(10, 0),
    ("body_size", ""): TrendValue(Histogram(), 1.0),
}
KNOWN = {**BUILTIN, "body_size": Metric("body_size", MetricType.TREND, "data")}


CHECKS = {
    ("", "ok"): RateValue(10, 0),
    ("::a::b", "ok"): RateValue(1, 2),
    ("", "vérifié"): RateValue(1, 2),
}
GROUPS = {("::a::b",): trend(1), ("::a",): trend(2), ("::c",): trend(3)}


class FixedMetrics:
    def metrics(self):
        return sorted({KNOWN[name] for name, _ in VALUES}, key=lambda metric: metric.name)

    def value(self, name, tags=None):
        return VALUES.get((name, ",".join(f"{key}={value}" for key, value in (tags or {}).items())))

    def by_tag(self, name, *_tags):
        return {"checks": CHECKS, "group_duration": GROUPS}[name]


def result(thresholds=None):
    metrics = FixedMetrics()
    judged = tuple(
        evaluate(threshold, metrics.value(threshold.selector.metric, dict(threshold.selector.tags)))
        for threshold in parse_thresholds(thresholds or {}, KNOWN)
    )
    return RunResult(
        title="coupons.py",
        scenarios=(),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=20.5,
        metrics=metrics,
        trend_stats=("avg", "min", "p(100)", "count"),
        thresholds=judged,
        checks=(),
        requests=(),
        failures=(),
        iteration_errors=(),
        health=HEALTH,
        verdict=judge(judged, HEALTH, 2.0),
        interrupted=False,
        seed=7,
    )


THRESHOLDS = {
    "http_req_duration": ["avg<500", "p(95) < 1"],
    "http_req_duration{name:validate}": "p(95)<500",
    "http_req_duration{name:missing}": "p(95)<500",
    "dropped_iterations": "count<1",
    "http_req_failed{name:missing}": "rate<0.01",
}

EXPECTED = {
    "root_group": {
        "name": "",
        "path": "",
        "id": "d41d8cd98f00b204e9800998ecf8427e",
        "groups": [
            {
                "name": "a",
                "path": "::a",
                "id": "bbf5ee9e65399b518cbae210b4c64962",
                "groups": [
                    {
                        "name": "b",
                        "path": "::a::b",
                        "id": "7dd4103b2f1a7305f971d430101027b7",
                        "groups": [],
                        "checks": [
                            {
                                "name": "ok",
                                "path": "::a::b::ok",
                                "id": "81bec935b3cbdd87d65c7c013240b10e",
                                "passes": 1,
                                "fails": 2,
                            }
                        ],
                    }
                ],
                "checks": [],
            },
            {"name": "c", "path": "::c", "id": "0ce040709d597ec2a7535ef89828270d", "groups": [], "checks": []},
        ],
        "checks": [
            {"name": "ok", "path": "::ok", "id": "2385b52f13b6c5244d846734f1757fa3", "passes": 10, "fails": 0},
            {"name": "vérifié", "path": "::vérifié", "id": "b0a4d80004c997e8b3c075ca2bb31830", "passes": 1, "fails": 2},
        ],
    },
    "options": {"summaryTrendStats": ["avg", "min", "p(100)", "count"], "summaryTimeUnit": "", "noColor": False},
    "state": {"isStdOutTTY": False, "isStdErrTTY": False, "testRunDurationMs": 20500.0},
    "metrics": {
        "body_size": {
            "type": "trend",
            "contains": "data",
            "values": {"avg": 0, "min": 0, "p(100)": 0, "count": 0},
        },
        "checks": {"type": "rate", "contains": "default", "values": {"rate": 1, "passes": 10, "fails": 0}},
        "data_sent": {"type": "counter", "contains": "data", "values": {"count": 1500, "rate": 0}},
        "http_req_duration": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 2, "min": 1, "p(100)": 3, "count": 3},
            "thresholds": {"avg<500": {"ok": True}, "p(95) < 1": {"ok": False}},
        },
        "http_req_failed": {
            "type": "rate",
            "contains": "default",
            "values": {"rate": 0.25, "passes": 1, "fails": 3},
        },
        "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 40, "rate": 2}},
        "vus": {"type": "gauge", "contains": "default", "values": {"value": 5, "min": 1, "max": 9.5}},
        "http_req_duration{expected_response:true}": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 1, "min": 1, "p(100)": 1, "count": 1},
        },
        "http_req_duration{name:validate}": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 2, "min": 2, "p(100)": 2, "count": 1},
            "thresholds": {"p(95)<500": {"ok": True}},
        },
        "http_req_duration{name:missing}": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 0, "min": 0, "p(100)": 0, "count": 0},
            "thresholds": {"p(95)<500": {"ok": False}},
        },
        "dropped_iterations": {
            "type": "counter",
            "contains": "default",
            "values": {"count": 0, "rate": 0},
            "thresholds": {"count<1": {"ok": True}},
        },
        "http_req_failed{name:missing}": {
            "type": "rate",
            "contains": "default",
            "values": {"rate": 0, "passes": 0, "fails": 0},
            "thresholds": {"rate<0.01": {"ok": False}},
        },
    },
    "setup_data": None,
}


def test_the_data_is_exactly_what_k6_gives():
    assert k6_summary(result(THRESHOLDS)) == EXPECTED


def test_a_threshold_on_expected_responses_joins_the_entry_that_is_always_there():
    entry = k6_summary(result({"http_req_duration{expected_response:true}": "avg<5"}))["metrics"]

    assert entry["http_req_duration{expected_response:true}"]["values"]["avg"] == 1
    assert entry["http_req_duration{expected_response:true}"]["thresholds"] == {"avg<5": {"ok": True}}


BEYOND_K6 = [
    ("http_reqs", "count/s >= 1", True),
    ("http_reqs", "rate>=1 over 30s after 10s", True),
    ("http_reqs", {"threshold": "count > 100", "abort_on_fail": True}, False),
    ("http_req_failed", "count<1", False),
    ("vus", "max<=9.5", True),
]


@pytest.mark.parametrize(("selector", "declared", "ok"), BEYOND_K6)
def test_a_threshold_is_named_as_it_was_written(selector, declared, ok):
    source = declared["threshold"] if isinstance(declared, dict) else declared
    entry = k6_summary(result({selector: declared}))["metrics"][selector]

    assert entry["thresholds"] == {source: {"ok": ok}}


def test_the_file_holds_the_data_as_strict_indented_json(tmp_path):
    path = tmp_path / "summary.json"
    write_k6_summary(result(THRESHOLDS), path)
    text = path.read_text(encoding="utf-8")

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse) == EXPECTED
    assert text.startswith('{\n  "root_group": {\n')
    assert text.endswith("}\n")
    assert '"count": 40,' in text
    assert "null" not in text.replace('"setup_data": null', "")


def test_a_file_that_is_there_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "summary.json"
    path.write_text("old")
    write_k6_summary(result(), path)

    assert path.read_text().startswith("{")
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "summary.json"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OptionError, match="No space left on device"):
        write_k6_summary(result(), path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    target = tmp_path / "real.json"
    target.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    write_k6_summary(result(), link)

    assert link.is_symlink()
    assert target.read_text().startswith("{")


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_k6_summary(result(), pipe)
    reader.join(timeout=60)

    assert json.loads(read[0])["state"]["testRunDurationMs"] == 20500.0
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(("name", "reason"), [("missing/summary.json", "No such file"), (".", "Is a directory")])
def test_a_path_that_cannot_be_written_is_told_with_the_reason(tmp_path, name, reason):
    with pytest.raises(OptionError) as caught:
        write_k6_summary(result(), tmp_path / name)

    assert str(tmp_path / name) in str(caught.value)
    assert reason in str(caught.value)


def test_half_a_character_in_a_name_is_written_as_python_writes_it(tmp_path, monkeypatch):
    half = "\ud800"
    monkeypatch.setitem(CHECKS, (f"::g{half}", half), RateValue(1, 0))
    monkeypatch.setitem(GROUPS, (f"::g{half}",), trend(1))
    path = tmp_path / "summary.json"
    write_k6_summary(result({f"http_req_duration{{name:{half}}}": "avg<1"}), path)
    written = json.loads(path.read_text(encoding="utf-8"))

    group = written["root_group"]["groups"][-2]
    assert (group["name"], group["checks"][0]["name"]) == ("g\\ud800", "\\ud800")
    assert "http_req_duration{name:\\ud800}" in written["metrics"]
    assert [one["name"] for one in written["root_group"]["groups"]].count("g\\ud800") == 1


def test_whole_numbers_are_written_without_a_fraction():
    values = k6_summary(replace(result(), trend_stats=("avg",)))["metrics"]["http_req_duration"]["values"]

    assert values == {"avg": 2}
    assert isinstance(values["avg"], int)
