"""Which run a person means, and what is said when there is none."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from store_support import a_run

from surgeline.errors import OptionError
from surgeline.store.reader import open_run
from surgeline.store.runs import find_run, new_run_id, run_files

IDS = ("20260101-100000-checkout-00aa", "20260101-100001-checkout-00ab", "20260102-090000-login-00ac")


@pytest.fixture
def folder(tmp_path):
    for name in IDS:
        (tmp_path / f"{name}.sqlite").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("run", "found"), [(IDS[0], IDS[0]), ("20260102", IDS[2]), ("20260101-100001", IDS[1]), ("last", IDS[2])]
)
def test_found(folder, run, found):
    assert find_run(run, folder).stem == found


def test_found_by_path(folder):
    path = folder / f"{IDS[0]}.sqlite"
    assert find_run(str(path), folder / "elsewhere") == path


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("20260101", "found 2 for '20260101': 20260101-100001-checkout-00ab, 20260101-100000-checkout-00aa"),
        ("20260102-090000-logon-00ac", "did you mean '20260102-090000-login-00ac'?"),
        ("login", "did you mean '20260102-090000-login-00ac'?"),
        ("xyzzy", "found 'xyzzy'; `surgeline runs` lists them"),
        ("nowhere/run.sqlite", "found nothing at nowhere/run.sqlite"),
        ("./", "found a folder at ."),
    ],
)
def test_not_found(folder, run, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        find_run(run, folder)


def test_no_runs_yet(tmp_path):
    with pytest.raises(OptionError, match=r"found none in .*; `surgeline run SCRIPT` makes one"):
        find_run("last", tmp_path / "none")


def test_ids_sort_by_time_whatever_the_zone():
    when = datetime(2026, 11, 20, 10, 15, 30, tzinfo=UTC)
    first = new_run_id("checkout", when)
    second = new_run_id("a", (when + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=-8))))
    assert re.fullmatch(r"20261120-101530-checkout-[0-9a-f]{4}", first)
    assert first < second


@pytest.mark.parametrize(
    ("stem", "readable"),
    [("my test/../x", "my-test-x"), ("", "run"), ("...", "run"), ("\u00e4", "run"), ("a" * 99, "a" * 40)],
)
def test_ids_are_names_of_files(stem, readable):
    assert new_run_id(stem, datetime(2026, 1, 1, tzinfo=UTC))[16:-5] == readable


def test_newest_first(folder):
    assert [path.stem for path in run_files(folder)] == sorted(IDS, reverse=True)


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be taken for one" * 50])
def test_not_a_run_file(tmp_path, content):
    path = tmp_path / "some.sqlite"
    path.write_bytes(content)
    with pytest.raises(OptionError, match="expected a run file, found"):
        open_run(path)


def test_another_database(tmp_path):
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE run (x)")
    connection.close()
    with pytest.raises(OptionError, match=r"other\.sqlite, which is none"):
        open_run(path)


def test_a_newer_form(tmp_path):
    run = a_run(tmp_path)
    run.finish()
    connection = sqlite3.connect(run.file.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(OptionError, match="written by a newer surgeline: its form is 99"):
        open_run(run.file.path)
