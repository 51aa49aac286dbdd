"""The suite `worker_scaling`: the same messages at several numbers of workers, and a table of what each came to.

It must not know how the service is started anew, nor how a script is run: a bench does both.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import click

from surgeline import ExitCode, SurgelineError
from surgeline_systems.suites import STOPPED_BY_SIGNAL, run_once, worst
from surgeline_systems.system import Bench, Suite, System

VARIABLE = "WORKERS"
USUAL = "1,2,4,8"
LATENCY = "http_req_duration{name:process-message}"
HEADINGS = ("workers", "messages/s", "speed-up", "efficiency", "p(95)", "verdict")
NOTHING = "-"
IN_NAMES = "{workers}"
# Outputs that write a file of their own, as `--out` names them; `github` adds to one.
WRITTEN_ANEW = ("json=", "csv=", "junit=")
# Of runs that came to their end: their summary was written.
VERDICTS: Mapping[int, str] = {
    ExitCode.PASSED: "PASS",
    ExitCode.THRESHOLDS_FAILED: "FAIL",
    ExitCode.INCONCLUSIVE: "INCONCLUSIVE",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run came to. `workers` is None where they are not ours to choose; a figure, where the run has none."""

    workers: int | None
    code: int
    throughput: float | None
    p95_ms: float | None


def conduct(system: System, suite: Suite, bench: Bench) -> int:
    """Run the script at each number of workers and show the table on standard output; gives the worst exit code."""
    bench, counts = _chosen(bench)
    if bench.restarted is None:
        click.echo("The service is not ours to start anew: one run, with the workers that it has.", err=True)
        measured = [_measure(system, suite, bench, None)]
    else:
        measured = list(_at_each(system, suite, _named_apart(bench) if len(counts) > 1 else bench, counts))
    click.echo(table(measured))
    return worst(one.code for one in measured)


def worker_counts(text: str) -> list[int]:
    """The numbers of workers that a text such as "1,2,4,8" names. Raises: SurgelineError."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise SurgelineError(f"{VARIABLE}: expected numbers of workers such as {USUAL}, found {text!r}")
    return [int(part) for part in parts]


def table(measured: Sequence[Measured]) -> str:
    """The figures of each run; speed-up and efficiency are against the first one."""
    rows = [HEADINGS, *(_row(one, measured[0]) for one in measured)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.rjust, row, widths)) for row in rows)


def _row(one: Measured, first: Measured) -> tuple[str, ...]:
    speed_up = one.throughput / first.throughput if one.throughput and first.throughput else None
    more_workers = one.workers / first.workers if one.workers and first.workers else 1
    return (
        _shown("{:,}", one.workers),
        _shown("{:,.1f}", one.throughput),
        _shown("{:.2f}", speed_up),
        _shown("{:.0%}", speed_up and speed_up / more_workers),
        _shown("{:,.2f}ms", one.p95_ms),
        VERDICTS.get(one.code, f"exit code {one.code}"),
    )


def _shown(form: str, value: float | None) -> str:
    return NOTHING if value is None else form.format(value)


def _chosen(bench: Bench) -> tuple[Bench, list[int]]:
    """The numbers of workers to measure, and a bench that does not tell the script of them."""
    values = dict(text.split("=", 1) for text in _several(bench, "env"))
    counts = worker_counts(values.pop(VARIABLE, USUAL))
    return _with(bench, env=tuple(f"{name}={value}" for name, value in values.items())), counts


def _at_each(system: System, suite: Suite, bench: Bench, counts: Sequence[int]) -> Iterator[Measured]:
    """What was measured at each number of workers, each from the same data, until a signal stops a run."""
    assert bench.restarted is not None
    for position, count in enumerate(counts):
        if position:
            bench.put_back()  # before the restart: it gives the service its usual settings
        base_url = bench.restarted({VARIABLE: str(count)})
        tagged = _with(bench, tags=(*_several(bench, "tags"), f"workers={count}"))
        measured = _measure(system, suite, replace(tagged, base_url=base_url), count)
        yield measured
        if measured.code == STOPPED_BY_SIGNAL:
            return


def _measure(system: System, suite: Suite, bench: Bench, workers: int | None) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        files = {"summary_export": f"{folder}/summary.json", **_files(bench.options, workers)}
        code = run_once(system, suite, bench, files)
        metrics = json.loads(Path(files["summary_export"]).read_text())["metrics"] if code in VERDICTS else {}
    throughput, p95_ms = _value(metrics, "messages_per_second", "value"), _value(metrics, LATENCY, "p(95)")
    return Measured(workers, code, throughput, p95_ms)


def _named_apart(bench: Bench) -> Bench:
    """A bench whose files have `{workers}` in their names: no run is to write over those of another."""
    apart: dict[str, Any] = {
        "out": tuple(_apart(text) if text.startswith(WRITTEN_ANEW) else text for text in _several(bench, "out"))
    }
    if "summary_export" in bench.options:
        apart["summary_export"] = _apart(str(bench.options["summary_export"]))
    return _with(bench, **apart)


def _apart(name: str) -> str:
    if IN_NAMES in name:
        return name
    named = PurePath(name)
    apart = str(named.with_stem(f"{named.stem}-{IN_NAMES}"))
    click.echo(f"A file for each number of workers: {apart} instead of {name}", err=True)
    return apart


def _files(options: Mapping[str, Any], workers: int | None) -> dict[str, Any]:
    """The options that name files, with the number of workers where `{workers}` stands in a name."""
    number = str(workers or "present")
    given: dict[str, Any] = {}
    if "summary_export" in options:
        given["summary_export"] = options["summary_export"].replace(IN_NAMES, number)
    if "out" in options:
        given["out"] = tuple(text.replace(IN_NAMES, number) for text in options["out"])
    return given


def _value(metrics: Mapping[str, Any], metric: str, statistic: str) -> float | None:
    value: float | None = metrics.get(metric, {}).get("values", {}).get(statistic)
    return value


def _several(bench: Bench, option: str) -> tuple[str, ...]:
    """The values of an option that may be given again."""
    values: Any = bench.options.get(option, ())
    return tuple(values)


def _with(bench: Bench, **options: object) -> Bench:
    return replace(bench, options={**bench.options, **options})
