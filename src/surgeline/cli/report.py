"""`surgeline report RUN`: show an earlier run again, or any part of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from surgeline.cli.run_options import run_options
from surgeline.cli.runs import RUN_DIR, run_folder
from surgeline.cli.summary import has_color, print_summary, print_text, width
from surgeline.errors import ExitCode, OptionError
from surgeline.judge.grammar import tag_value
from surgeline.metrics.registry import Registry, Series
from surgeline.metrics.trend_stats import parse_trend_stats
from surgeline.schedule.duration import NANOSECONDS, parse_duration
from surgeline.store.hdr_log import HdrLog
from surgeline.store.reader import StoredRun, open_run

_NAMED = 10
"""How many of the values of a tag are named."""


@dataclass(frozen=True, slots=True)
class _Selection:
    """Which samples of a run are asked for."""

    from_s: float | None
    to_s: float | None
    tags: Mapping[str, str]

    @property
    def is_everything(self) -> bool:
        return self.from_s is None and self.to_s is None and not self.tags

    def describe(self) -> str:
        """Return it in words."""
        start = "the start" if self.from_s is None else f"{self.from_s:g} s"
        end = "the end" if self.to_s is None else f"{self.to_s:g} s"
        return ", ".join((f"from {start} to {end}", *(f"{key}={value}" for key, value in self.tags.items())))


@click.command(short_help="Show an earlier run again, or any part of it.")
@click.argument("run")
@click.option("--from", "from_", metavar="TIME", help='Samples from this time of the load on, such as "1m30s".')
@click.option("--to", metavar="TIME", help="Samples before this time of the load.")
@click.option("--scenario", metavar="NAME", help="Samples of this scenario.")
@click.option("--name", metavar="REQUEST", help="Samples of requests and operations of this name.")
@click.option("--tag", multiple=True, metavar="KEY=VALUE", help="Samples with this tag; may be given again.")
@click.option("--stats", metavar="LIST", help="Statistics of trends: avg, min, med, max, count, p(N).")
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
@click.option(
    "--hdr",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the histograms of each second as an HdrHistogram log instead.",
)
@run_options((RUN_DIR,))
def command(
    run: str,
    from_: str | None,
    to: str | None,
    scenario: str | None,
    name: str | None,
    tag: tuple[str, ...],
    stats: str | None,
    as_json: bool,
    hdr: Path | None,
    **flags: Any,
) -> ExitCode:
    """Show the summary of an earlier RUN again, as it was; with a time or a tag, the metrics of those samples alone.

    RUN is an id of `surgeline runs`, the beginning of one, the path of a run file, or `last`. Times count from the
    start of the load, in whole seconds.
    """
    selection = _Selection(_seconds(from_, "--from"), _seconds(to, "--to"), _tags(tag, scenario=scenario, name=name))
    if selection.to_s is not None and selection.to_s <= (selection.from_s or 0):
        raise OptionError(f"--to: expected a time after --from, found {to}")
    trend_stats = None if stats is None else parse_trend_stats(stats)
    with open_run(run, run_folder(flags)) as stored:
        if hdr is not None:
            _write_hdr_log(stored, selection, hdr)
        elif as_json or not selection.is_everything:
            _show_metrics(stored, selection, trend_stats or stored.facts.trend_stats, as_json=as_json)
        else:
            result = stored.result()
            print_summary(replace(result, trend_stats=trend_stats or result.trend_stats))
    return ExitCode.PASSED


def _seconds(text: str | None, option: str) -> float | None:
    return None if text is None else parse_duration(text, option) / NANOSECONDS


def _tags(texts: tuple[str, ...], **named: str | None) -> dict[str, str]:
    for text in texts:
        if not text.partition("=")[1] or text.startswith("="):
            raise OptionError(f"--tag: expected KEY=VALUE, found {text!r}")
    pairs = dict(text.split("=", 1) for text in texts)
    return {key: value for key, value in named.items() if value is not None} | {
        key: tag_value(key, value) for key, value in pairs.items()
    }


def _show_metrics(stored: StoredRun, selection: _Selection, trend_stats: tuple[str, ...], *, as_json: bool) -> None:
    registry = stored.registry(selection.from_s, selection.to_s, selection.tags)
    if as_json:
        print_text(json.dumps(_as_json(stored, selection, registry, trend_stats), indent=2))
        return
    from surgeline.report.terminal import render_metrics  # noqa: PLC0415 - rich is not needed for JSON

    tables = render_metrics(registry, trend_stats, width=width(), color=has_color())
    heading = f"{stored.facts.run_id}  {selection.describe()}: {registry.seconds:,.1f} s"
    print_text(f"{heading}\n\n{tables or _none_found(stored, selection)}")


def _none_found(stored: StoredRun, selection: _Selection) -> str:
    """Say that there are no such samples, and which values there are of a tag that never has the one asked for."""
    sentence = "There are no such samples."
    registry = stored.registry(selection.from_s, selection.to_s)
    for tag, wanted in selection.tags.items():
        values = sorted({one.tags[tag] for one in _series(registry) if tag in one.tags})
        if not values:
            tags = sorted({tag for one in _series(registry) for tag in one.tags})
            sentence += f" No sample has the tag {tag}; there are {_listed(tags)}."
        elif wanted not in values:
            sentence += f" Values of {tag} are {_listed(values)}."
    return sentence


def _series(registry: Registry) -> Iterator[Series]:
    return (one for metric in registry.metrics() for one in registry.select(metric.name))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _as_json(
    stored: StoredRun, selection: _Selection, registry: Registry, trend_stats: tuple[str, ...]
) -> dict[str, Any]:
    from surgeline.outputs.k6_summary import metric_entry  # noqa: PLC0415 - needed for JSON alone

    return {
        "id": stored.facts.run_id,
        "title": stored.facts.title,
        "started_at": stored.facts.started_at.isoformat(),
        "from_s": selection.from_s,
        "to_s": selection.to_s,
        "tags": dict(selection.tags),
        "seconds": registry.seconds,
        "verdict": stored.headline().verdict,
        "metrics": {
            metric.name: metric_entry(metric, registry.value(metric.name), trend_stats) for metric in registry.metrics()
        },
    }


def _write_hdr_log(stored: StoredRun, selection: _Selection, path: Path) -> None:
    try:
        with path.open("w", encoding="ascii") as file:
            log = HdrLog(file, stored.facts.started_at)
            stored.replay([log], selection.from_s, selection.to_s, selection.tags)
    except OSError as error:
        raise OptionError(f"--hdr: {path} cannot be written: {error.strerror or error}") from None
    click.echo(f"{log.lines:,} histograms were written to {path}.", err=True)
