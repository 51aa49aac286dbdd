"""The suite `worker_scaling`: at how many workers, in which order, and what its table says."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conftest import query
from surgeline import SurgelineError
from surgeline.cli.reference_systems import run_script
from surgeline_systems.application.server import running_service
from surgeline_systems.messages.scaling import Measured, conduct, table, worker_counts
from surgeline_systems.messages.system import SYSTEM as MESSAGES
from surgeline_systems.system import Bench

SYSTEM = "messages"
SIZES: Mapping[str, str] = {}  # the usual ones

(SUITE,) = (suite for suite in MESSAGES.suites if suite.name == "worker_scaling")
THROUGHPUT = {1: 200.0, 2: 380.0, 4: 600.0, 8: 640.0}


class FakeBench:
    """Writes down what a suite has done, in order; each run ends with the next of `codes`."""

    def __init__(self, *codes: int) -> None:
        self.done: list[str] = []
        self.options: list[Mapping[str, object]] = []
        self._codes = list(codes)
        self._workers = 8

    def bench(self, **options: object) -> Bench:
        return Bench(
            base_url="http://usual",
            run_script=self.run,
            options=options,
            restarted=self.restarted,
            put_back=self.put_back,
        )

    def put_back(self) -> None:
        self.done.append("put back")

    def restarted(self, environment: Mapping[str, str]) -> str:
        self._workers = int(environment["WORKERS"])
        self.done.append(f"restarted {dict(environment)}")
        return f"http://with-{self._workers}"

    def run(self, script: Path, title: str, options: Mapping[str, Any]) -> int:
        assert (script.name, title) == ("worker_scaling.py", "messages: worker_scaling")
        self.done.append(f"ran at {options['base_url']}")
        self.options.append(options)
        code = self._codes.pop(0)
        if code in {0, 99, 112}:
            gauge = {"values": {"value": THROUGHPUT[self._workers]}}
            latency = {"values": {"p(95)": 12.345}}
            metrics = {"messages_per_second": gauge, "http_req_duration{name:process-message}": latency}
            Path(options["summary_export"]).write_text(json.dumps({"metrics": metrics}))
        return code


def test_each_run_has_the_service_started_anew_and_the_same_data(capsys: pytest.CaptureFixture[str]):
    fake = FakeBench(0, 0)
    assert conduct(MESSAGES, SUITE, fake.bench(env=("USERS=20", "WORKERS=1,4"), tags=("team=mail",))) == 0
    assert fake.done == [
        "restarted {'WORKERS': '1'}",
        "ran at http://with-1",
        "put back",
        "restarted {'WORKERS': '4'}",
        "ran at http://with-4",
    ]
    assert [options["env"] for options in fake.options] == [("USERS=20",)] * 2
    assert [options["tags"] for options in fake.options] == [("team=mail", "workers=1"), ("team=mail", "workers=4")]
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.splitlines() == [
        "workers  messages/s  speed-up  efficiency    p(95)  verdict",
        "      1       200.0      1.00        100%  12.35ms     PASS",
        "      4       600.0      3.00         75%  12.35ms     PASS",
    ]


def test_one_two_four_and_eight_workers_unless_told_otherwise(capsys: pytest.CaptureFixture[str]):
    fake = FakeBench(0, 112, 99, 0)
    assert conduct(MESSAGES, SUITE, fake.bench(quiet=True)) == 99
    assert [one for one in fake.done if one.startswith("ran")] == [f"ran at http://with-{n}" for n in THROUGHPUT]
    assert all(options["quiet"] for options in fake.options)
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]] == [
        "PASS",
        "INCONCLUSIVE",
        "FAIL",
        "PASS",
    ]


def test_files_are_one_for_each_run_where_their_names_say_so(tmp_path: Path):
    fake = FakeBench(0, 99)
    names = {"summary_export": str(tmp_path / "at-{workers}.json"), "out": ("junit=at-{workers}.xml", "github")}
    conduct(MESSAGES, SUITE, fake.bench(env=("WORKERS=1,4",), **names))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at-1.json", "at-4.json"]
    assert [options["out"] for options in fake.options] == [(f"junit=at-{n}.xml", "github") for n in (1, 4)]


def test_files_of_several_runs_get_names_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    fake = FakeBench(0, 0)
    out = ("junit=build.d/x.xml", "json=samples", "github=steps.md", "prometheus=http://127.0.0.1/write")
    conduct(MESSAGES, SUITE, fake.bench(env=("WORKERS=1,4",), summary_export=str(tmp_path / "s.json"), out=out))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s-1.json", "s-4.json"]
    assert [options["out"] for options in fake.options] == [
        (f"junit=build.d/x-{n}.xml", f"json=samples-{n}", *out[2:]) for n in (1, 4)
    ]
    assert capsys.readouterr().err.splitlines() == [
        "A file for each number of workers: junit=build.d/x-{workers}.xml instead of junit=build.d/x.xml",
        "A file for each number of workers: json=samples-{workers} instead of json=samples",
        f"A file for each number of workers: {tmp_path}/s-{{workers}}.json instead of {tmp_path}/s.json",
    ]


def test_the_files_of_a_single_run_keep_their_names(tmp_path: Path):
    fake = FakeBench(0)
    conduct(
        MESSAGES, SUITE, fake.bench(env=("WORKERS=4",), summary_export=str(tmp_path / "s.json"), out=("csv=s.csv",))
    )
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]
    assert [options["out"] for options in fake.options] == [("csv=s.csv",)]


def test_a_run_that_did_not_come_to_its_end_has_no_figures_of_an_earlier_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    fake = FakeBench(0, 107)
    assert conduct(MESSAGES, SUITE, fake.bench(env=("WORKERS=1,2",), summary_export=str(tmp_path / "s.json"))) == 107
    assert capsys.readouterr().out.splitlines()[-1].split()[1:4] == ["-", "-", "-"]


def test_a_signal_ends_the_suite(capsys: pytest.CaptureFixture[str]):
    fake = FakeBench(0, 105)
    assert conduct(MESSAGES, SUITE, fake.bench()) == 105
    assert fake.done[-1] == "ran at http://with-2"
    assert capsys.readouterr().out.splitlines()[-1].split(maxsplit=5) == ["2", "-", "-", "-", "-", "exit code 105"]


def test_a_service_of_somebody_else_is_measured_once_as_it_is(capsys: pytest.CaptureFixture[str]):
    fake = FakeBench(0)
    bench = Bench(base_url="http://theirs", run_script=fake.run, options={})
    assert conduct(MESSAGES, SUITE, bench) == 0
    assert fake.done == ["ran at http://theirs"]
    told = capsys.readouterr()
    assert told.err == "The service is not ours to start anew: one run, with the workers that it has.\n"
    assert told.out.splitlines()[1].split() == ["-", "640.0", "1.00", "100%", "12.35ms", "PASS"]


@pytest.mark.parametrize("text", ["", "0", "1,", "two", "1;2", "-1", "1.5"])
def test_numbers_of_workers_that_are_none_are_refused_before_anything_is_done(text: str):
    fake = FakeBench()
    with pytest.raises(SurgelineError, match=r"WORKERS: expected numbers of workers such as 1,2,4,8, found"):
        conduct(MESSAGES, SUITE, fake.bench(env=(f"WORKERS={text}",)))
    assert fake.done == []


def test_numbers_of_workers_may_have_blanks_between_them():
    assert worker_counts("1, 16") == [1, 16]


def test_efficiency_is_against_the_workers_of_the_first_run():
    lines = table([Measured(2, 0, 1_000.0, 5.0), Measured(3, 0, 1_200.0, 5.0), Measured(4, 99, 1_500.0, None)])
    assert [line.split()[:4] for line in lines.splitlines()[1:]] == [
        ["2", "1,000.0", "1.00", "100%"],
        ["3", "1,200.0", "1.20", "80%"],
        ["4", "1,500.0", "1.50", "75%"],
    ]


def test_what_was_not_measured_is_not_made_up():
    lines = table([Measured(1, 107, None, None), Measured(2, 0, 300.0, 5.0), Measured(4, 0, 0.0, 5.0)])
    assert [line.split()[:4] for line in lines.splitlines()[1:]] == [
        ["1", "-", "-", "-"],
        ["2", "300.0", "-", "-"],
        ["4", "0.0", "-", "-"],
    ]


@pytest.fixture
def restarted(seeded_database: str) -> Iterator[Callable[[Mapping[str, str]], str]]:
    """Starts the real service, in the place of the one before."""
    with ExitStack() as stack:

        def start(environment: Mapping[str, str]) -> str:
            stack.close()
            settings = {"DATABASE_URL": seeded_database, **environment}
            return stack.enter_context(running_service(MESSAGES.package, settings))

        yield start


def test_the_real_service_is_measured_at_each_number_of_workers(
    seeded_database: str,
    restarted: Callable[[Mapping[str, str]], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    options = {"env": ("WORKERS=1,3", "MESSAGES=60", "VUS=5"), "quiet": True, "run_dir": str(tmp_path)}
    bench = Bench(base_url="http://127.0.0.1:9", run_script=run_script, options=options, restarted=restarted)
    assert conduct(MESSAGES, SUITE, bench) in {0, 99}
    lines = capsys.readouterr().out.splitlines()[-2:]
    figure = r" +[\d,.]+"
    for workers, line in zip((1, 3), lines, strict=True):
        assert re.fullmatch(rf" +{workers}{figure}{figure} +\d+%{figure}ms +(PASS|FAIL)", line)
    sent = query(seeded_database, "SELECT status, messages FROM message_counts")
    assert [tuple(row) for row in sent] == [("sent", 120)]
