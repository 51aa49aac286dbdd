"""Files of several runs: each its own, or an error before anything starts."""

from pathlib import Path

import pytest

from surgeline.cli.files_of_each import files_of_each
from surgeline.errors import OptionError

SUITES = ("peak", "soak")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_name_of_the_suite_is_put_in():
    flags = {"summary_export": "{suite}/summary.json", "out": ("csv={suite}.csv", "github=all.md")}
    assert files_of_each(flags, "suite", SUITES) == {
        suite: {"summary_export": f"{suite}/summary.json", "out": (f"csv={suite}.csv", "github=all.md")}
        for suite in SUITES
    }


def test_each_kind_has_its_own_place():
    flags = {"summary_export": "{suite}/{level}.json"}
    assert files_of_each(flags, "level", ["50", "100"]) == {
        "50": {"summary_export": "{suite}/50.json"},
        "100": {"summary_export": "{suite}/100.json"},
    }
    with pytest.raises(OptionError, match=r"for each of 2 levels, .*: summary-{level}\.json"):
        files_of_each({"summary_export": "summary.json"}, "level", ["50", "100"])


def test_nothing_is_given_where_nothing_was():
    assert files_of_each({"rate": "5"}, "suite", SUITES) == {"peak": {}, "soak": {}}


def test_one_suite_may_have_any_file():
    assert files_of_each({"summary_export": "summary.json"}, "suite", ["peak"]) == {
        "peak": {"summary_export": "summary.json"}
    }


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ({"summary_export": "out/summary.json"}, r"--summary-export: .*: out/summary-{suite}\.json"),
        ({"out": ("json=samples",)}, r"--out: .*: json=samples-{suite}"),
    ],
    ids=["summary", "output"],
)
def test_one_file_for_several_suites_is_refused(flags: dict[str, str], found: str):
    with pytest.raises(OptionError, match=found):
        files_of_each(flags, "suite", SUITES)


def test_files_of_the_environment_and_the_configuration_count(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SURGELINE_SUMMARY_EXPORT", "summary-{suite}.json")
    assert files_of_each({}, "suite", ["peak"]) == {"peak": {"summary_export": "summary-peak.json"}}
    (folder / "surgeline.toml").write_text('out = ["junit=report.xml"]\n')
    with pytest.raises(OptionError, match=r"surgeline\.toml.*: junit=report-{suite}\.xml"):
        files_of_each({}, "suite", SUITES)
