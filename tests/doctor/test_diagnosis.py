"""How findings are shown: each with its mark and what to do; the verdict last."""

from dataclasses import fields

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from surgeline.report.doctor import Diagnosis, Finding, Level, render_diagnosis

FINDINGS = (
    Finding(Level.OK, "service", "http://127.0.0.1:8080 (base URL of peak) answers 200 OK in 3.1ms"),
    Finding(Level.SKIPPED, "pools", "the script draws from users", "give --database URL"),
    Finding(Level.WARNING, "cores", "nginx (pid 7) and the generator share cores 0-1: each slows the other down"),
    Finding(Level.FAILURE, "pools", "users: not seeded", "surgeline seed apply a_long_path/to/users.py --database URL"),
)
TEXT = """\
✓  service  http://127.0.0.1:8080 (base URL of peak)
            answers 200 OK in 3.1ms
-  pools    the script draws from users
            > give --database URL
!  cores    nginx (pid 7) and the generator share cores
            0-1: each slows the other down
✗  pools    users: not seeded
            > surgeline seed apply a_long_path/to/users.py --database URL

A run would fail: 1 failure, 1 warning. Checked in 0.3s,
each check in at most 5s.
"""


def diagnosis(*findings):
    ok = all(one.level is not Level.FAILURE for one in findings)
    return Diagnosis("s.py", ok, 0.31, 5.0, findings)


def test_findings_are_shown_with_marks_and_remedies():
    assert render_diagnosis(diagnosis(*FINDINGS), 56) == TEXT


def test_nothing_wrong_is_said_too():
    text = render_diagnosis(diagnosis(FINDINGS[0]), 100)

    assert text.endswith(
        "Nothing stands in the way of a run: all is well. Checked in 0.3s, each check in at most 5s.\n"
    )


def test_the_shape_in_json():
    decoded = msgspec.json.decode(msgspec.json.encode(diagnosis(*FINDINGS)))

    assert decoded["ok"] is False
    assert set(decoded) == {field.name for field in fields(Diagnosis)}
    assert decoded["findings"][3] == {
        "level": "failure",
        "check": "pools",
        "message": "users: not seeded",
        "remedy": "surgeline seed apply a_long_path/to/users.py --database URL",
    }
    assert [one["level"] for one in decoded["findings"]] == ["ok", "skipped", "warning", "failure"]


@given(st.lists(st.builds(Finding, st.sampled_from(Level), st.just("service"), st.text(), st.none() | st.text())))
def test_any_finding_can_be_shown(findings):
    text = render_diagnosis(diagnosis(*findings), 80)

    marked = [line for line in text.splitlines() if line[:1] in {"✓", "-", "!", "✗"}]
    assert len(marked) == len(findings)
    assert all(character.isprintable() or character == "\n" for character in text)
