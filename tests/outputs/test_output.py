"""`--out`: what is refused, and with what words."""

import sys
from pathlib import Path

import pytest

from surgeline.errors import OptionError
from surgeline.outputs.at_the_end import AtTheEnd
from surgeline.outputs.output import parse_outputs
from surgeline.outputs.push import Push

REFUSED = [
    ("", "expected one of json=FILE, csv=FILE, junit=FILE, github[=FILE], otel[=URL], prometheus=URL"),
    ("jsn=a.json", 'found "jsn"; did you mean "json"?'),
    ("OTEL", 'did you mean "otel"?'),
    ("influxdb=http://x", 'found "influxdb"'),
    ("json", "expected a file"),
    ("csv=", "expected a file"),
    ("junit", "--out junit=FILE"),
    ("json=-", "--out json=-: expected a file, found -: standard output carries the summary"),
    ("github=-", "standard output carries the summary"),
    ("github", "GITHUB_STEP_SUMMARY is not set"),
    ("otel=localhost:4318", "expected a URL such as http://localhost:4318"),
    ("otel=http://", "expected a URL"),
    ("otel=http://host:99999", "expected a URL"),
    ("prometheus", "--out prometheus=http://localhost:9090/api/v1/write"),
    ("prometheus=ftp://host/", 'found "ftp://host/"'),
]


@pytest.fixture(autouse=True)
def no_github(monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_cannot_be_used_is_refused(text, reason):
    with pytest.raises(OptionError) as caught:
        parse_outputs([text])

    assert reason in str(caught.value)
    assert "--out" in str(caught.value)


SHARED = [
    (["json=a", "csv=./a"], None, "--out csv=./a: expected a file of its own, found the one of --out json=a"),
    (["junit=a", "junit=a"], None, "--out junit=a: expected a file of its own, found the one of --out junit=a"),
    (["json=a"], Path("b/../a"), "--summary-export b/../a: expected a file of its own, found the one of --out json=a"),
]


@pytest.mark.parametrize(("texts", "export", "message"), SHARED)
def test_a_file_has_one_output(monkeypatch, tmp_path, texts, export, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError) as caught:
        parse_outputs(texts, export)
    assert str(caught.value) == message


def test_a_device_has_room_for_all():
    assert len(parse_outputs(["json=/dev/null", "csv=/dev/null"], Path("/dev/null"))) == 2


def test_a_password_is_not_repeated():
    with pytest.raises(OptionError) as caught:
        parse_outputs(["otel=ftp://user:hunter2@host/"])

    assert "hunter2" not in str(caught.value)


def test_outputs_come_in_their_order(tmp_path):
    outputs = parse_outputs(
        [f"junit={tmp_path / 'a=b.xml'}", "otel", "otel=http://localhost:4318", f"github={tmp_path / 'a.md'}"]
    )

    assert [type(output) for output in outputs] == [AtTheEnd, Push, Push, AtTheEnd]


def test_github_takes_the_file_of_the_step(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))

    assert len(parse_outputs(["github"])) == 1


@pytest.mark.parametrize(
    ("text", "module", "extra"),
    [
        ("otel", "opentelemetry.exporter.otlp.proto.http.metric_exporter", "surgeline[otel]"),
        ("prometheus=http://h/w", "opentelemetry.exporter.prometheus_remote_write", "surgeline[prometheus]"),
    ],
)
def test_a_missing_extra_is_named(monkeypatch, text, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"surgeline.outputs.{text.partition('=')[0]}", raising=False)

    with pytest.raises(OptionError, match="pip install") as caught:
        parse_outputs([text])
    assert extra in str(caught.value)


def test_nothing_heavy_is_imported_before_it_is_asked_for():
    import subprocess

    code = (
        "import sys, surgeline.outputs.output;"
        "print([name for name in ('opentelemetry', 'rich', 'requests', 'xml') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
