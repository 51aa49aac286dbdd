"""Tokens are kept as they come: after a kill, beside another process, and when they have ended meanwhile."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.fixtures.claims import utc_text
from surgeline.fixtures.partial_file import MARGIN_SECONDS, partial_file
from surgeline.fixtures.tokens import Token

NOW = 1_800_000_000.0
LATER = utc_text(NOW + 3600)
ONE, OTHER = Token("1", "a" * 100, LATER), Token("2", "b" * 100, None)


def kept(path, question="q", now=NOW):
    with partial_file(path, question, now) as partial:
        return partial.tokens


def keep(path, *tokens, question="q"):
    with partial_file(path, question, NOW) as partial:
        for token in tokens:
            partial.add(token)


def test_what_was_kept_is_there_again(tmp_path):
    path = tmp_path / "new" / "tokens.json.partial"
    keep(path, ONE)
    keep(path, OTHER)
    assert kept(path) == {"1": ONE, "2": OTHER}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_there_before_the_file_is_closed(tmp_path):
    path = tmp_path / "partial"
    with partial_file(path, "q", NOW) as partial:
        partial.add(ONE)
        assert path.read_bytes().count(b"\n") == 2
        partial.remove()
    assert not path.exists()


@given(st.data())
def test_wherever_a_kill_cuts_it_off_nothing_else_is_lost(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "partial"
    keep(path, ONE, OTHER)
    content = path.read_bytes()
    cut = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:cut])
    lines = content[:cut].count(b"\n")
    expected = dict([("1", ONE), ("2", OTHER)][: max(0, lines - 1)])
    assert kept(path) == expected
    last = Token("3", "c", None)
    keep(path, last)
    assert kept(path) == expected | {"3": last}


@pytest.mark.parametrize(
    ("seconds", "there"), [(-1, False), (0, False), (MARGIN_SECONDS, False), (MARGIN_SECONDS + 1, True), (9e6, True)]
)
def test_tokens_that_have_ended_or_soon_will_are_left_out(tmp_path, seconds, there):
    keep(tmp_path / "partial", Token("1", "a", utc_text(NOW + seconds)), OTHER)
    assert kept(tmp_path / "partial").keys() == ({"1", "2"} if there else {"2"})


def test_a_later_token_takes_the_place_of_an_earlier_one(tmp_path):
    keep(tmp_path / "partial", Token("1", "old", utc_text(NOW)), Token("1", "new", LATER))
    assert kept(tmp_path / "partial")["1"].token == "new"


def test_tokens_of_another_question_are_refused_and_left_alone(tmp_path):
    path = tmp_path / "partial"
    keep(path, ONE)
    with pytest.raises(OptionError, match="found those of another; remove it to begin anew"):
        kept(path, question="other")
    assert kept(path) == {"1": ONE}


def test_a_file_without_tokens_is_taken_over_by_another_question(tmp_path):
    path = tmp_path / "partial"
    keep(path)
    path.write_bytes(path.read_bytes() + b'{"userId": "cut off')
    keep(path, ONE, question="other")
    assert kept(path, question="other") == {"1": ONE}


@pytest.mark.parametrize("content", [b"hello\n", b"[]\n", b"\xff\n", b'{"userId":"1","token":"secret"}\n'])
def test_a_file_that_is_something_else_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "partial"
    path.write_bytes(content)
    with pytest.raises(OptionError, match="expected tokens of an earlier start, found something else") as refused:
        kept(path)
    assert path.read_bytes() == content
    assert "secret" not in str(refused.value)


def test_two_at_once_are_refused(tmp_path):
    with partial_file(tmp_path / "partial", "q", NOW) as partial:
        partial.add(ONE)
        with pytest.raises(OptionError, match="expected to be the only one who asks for these tokens, found another"):
            kept(tmp_path / "partial")
    assert kept(tmp_path / "partial") == {"1": ONE}


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "partial"):
        with pytest.raises(OptionError, match="cannot write"):
            kept(path)
