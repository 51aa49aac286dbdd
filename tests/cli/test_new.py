"""What `surgeline new` writes runs as it is."""

import ast
import re

import pytest
from cli_support import surgeline

from surgeline.cli.templates import TEMPLATES

SHORT = {
    "minimal": ["-e", "DURATION=100ms"],
    "full": ["-e", "DURATION=300ms", "-e", "ORDERS_AFTER=100ms", "-e", "RATE=20"],
    "arrival": ["-e", "DURATION=200ms"],
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_script_runs(tmp_path, server, template):
    written = surgeline("new", "first-try", "--template", template, cwd=tmp_path)
    assert (written.code, written.err) == (0, "")
    commands = [line.strip() for line in written.out.splitlines()[1:]]
    assert commands == [
        "surgeline inspect first-try.py",
        "surgeline run first-try.py -e BASE_URL=http://127.0.0.1:8080",
    ]
    inspected = surgeline(*commands[0].split()[1:], cwd=tmp_path)
    assert (inspected.code, inspected.err) == (0, "")
    assert "http://127.0.0.1:8080" in inspected.out
    script = tmp_path / "first-try.py"
    script.write_text(re.sub(r"(p\(\d+\))<\d+", r"\1<600000", script.read_text()))  # no machine is too slow for it
    before = server.requests
    ended = surgeline(*commands[1].split()[1:4], f"BASE_URL={server.url}", *SHORT[template], "-q", cwd=tmp_path)
    assert ended.code == 0, ended.err + ended.out
    assert "PASS" in ended.out
    assert server.requests > before


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_script_is_python_of_at_most_120_columns(template):
    text = TEMPLATES[template].format(title="x: a load test.", name="x", file="x.py")
    ast.parse(text)
    assert max(map(len, text.splitlines())) <= 120


def test_without_a_name(tmp_path):
    assert surgeline("new", cwd=tmp_path).code == 0
    assert (tmp_path / "load_test.py").read_text().startswith('"""load_test: a load test.')


def test_in_a_folder(tmp_path):
    (tmp_path / "load").mkdir()
    assert surgeline("new", "load/peak.py", cwd=tmp_path).code == 0
    assert (tmp_path / "load" / "peak.py").exists()


def test_a_file_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine.py").write_text("mine")
    ended = surgeline("new", "mine", cwd=tmp_path)
    assert (ended.code, ended.out) == (104, "")
    assert "found that mine.py is there already" in ended.err
    assert (tmp_path / "mine.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a b", "expected letters, digits, - and _, found 'a b'"),
        ("", "expected letters"),
        ("..", "expected letters"),
        (".py", "expected letters"),
        ("a/", "expected letters"),
        ("test.js", "expected letters"),
        ("random", "expected a name that no module has, found 'random'"),
        ("surgeline.py", "expected a name that no module has"),
        ("no/such", "expected a folder that is there, found nothing at no"),
    ],
)
def test_bad_names_are_refused(tmp_path, name, message):
    ended = surgeline("new", name, cwd=tmp_path)
    assert (ended.code, ended.out) == (104, "")
    assert message in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_template_that_is_not_there(tmp_path):
    ended = surgeline("new", "--template", "huge", cwd=tmp_path)
    assert ended.code == 104
    assert "'minimal', 'full', 'arrival'" in ended.err
