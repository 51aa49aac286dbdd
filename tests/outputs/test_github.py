"""The step summary: what a Markdown renderer makes of it is what the run said, whatever names it holds."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from push_support import facts
from result_support import HAPPY, HEALTHY, NASTY, OVERLOADED, coupons, nasty
from sample_results import operations_alone, with_operations

from surgeline.errors import OptionError
from surgeline.metrics.values import RateValue
from surgeline.outputs.github import _text, annotations, github_markdown, make_github
from surgeline.report.format import printable
from surgeline.result import FailureKind, Kind


def rendered(markdown):
    """Headings, list items and the tables' cells, as a reader sees them."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    texts = {"heading": [], "list": [], "cell": [], "paragraph": []}
    inside = []
    for token in tokens:
        if token.nesting == 1:
            inside.append(token.type)
        elif token.nesting == -1:
            inside.pop()
        elif token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "text_special"}, token.content
            kind = inside[-1].removesuffix("_open")
            kind = {"td": "cell", "th": "cell"}.get(kind, "list" if "list_item_open" in inside else kind)
            texts[kind].append("".join(child.content for child in token.children))
        else:
            raise AssertionError(token.type)
    return texts


def test_the_verdict_comes_first_with_its_reasons():
    result = coupons()
    texts = rendered(github_markdown(result))

    assert texts["heading"] == [
        "❌ FAIL: load/coupon_validation.py",
        "Thresholds",
        "Requests",
        "Checks",
        "Errors",
    ]
    assert texts["list"] == list(result.verdict.reasons)


def test_tables_hold_what_was_measured():
    cells = rendered(github_markdown(coupons()))["cell"]

    start = cells.index("http_req_duration{name:validate}")
    assert cells[start - 1] == "❌"
    assert cells[start + 1] == "p(99)<40"
    assert cells[start + 2].endswith("ms")
    start = cells.index("GET /api/users/{id}")
    assert cells[start + 1 : start + 3] == ["60,000", "200/s"]
    assert cells[cells.index("1503 unexpected status 503") + 1] == "1,488"


def test_names_cannot_break_out():
    texts = rendered(github_markdown(nasty()))

    assert texts["heading"][0] == f"❌ FAIL: {printable(NASTY)}"
    assert f"POST {printable(NASTY)}" in texts["cell"]
    assert texts["cell"].count(printable(NASTY)) == 2


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters()) | st.text("|\\`*_[]()<>&~$#!:/ -+.1ab\n", max_size=12))
def test_any_text_in_a_cell_is_shown_as_it_is(text):
    cells = rendered(f"| a | b |\n|---|---|\n| x{_text(text)}x | {_text('y')} |\n")["cell"]

    assert cells == ["a", "b", f"x{printable(text)}x", "y"]


def test_long_tables_are_cut():
    base = coupons()
    many = [base.failures[0]] * 80
    markdown = github_markdown(replace(base, failures=tuple(many), iteration_errors=()))

    assert markdown.count("unexpected status 503") == 50
    assert "30 more are not shown." in rendered(markdown)["paragraph"]


def test_of_very_many_requests_the_busiest_and_the_failed_are_shown():
    base = coupons()
    request = replace(base.requests[0], failed=RateValue(0, 100))
    busy = [replace(request, name=f"busy {place}") for place in range(80)]
    failed = replace(request, name="failed", failed=RateValue(1, 0))
    texts = rendered(github_markdown(replace(base, requests=(*busy, failed))))

    names = [text for text in texts["cell"] if text.startswith("POST ")]
    assert names == [*(f"POST busy {place}" for place in range(50)), "POST failed"]
    assert (
        '… 30 more names; give requests whose URL holds an id a name: vu.http.get(url, name="…")' in texts["paragraph"]
    )


def test_an_empty_run_has_no_empty_tables():
    empty = replace(coupons(HEALTHY, {}), requests=(), checks=(), failures=(), iteration_errors=(), interrupted=True)
    texts = rendered(github_markdown(empty))

    assert texts["heading"] == ["NOT JUDGED: load/coupon_validation.py"]
    assert texts["list"][-1] == "a signal ended the run after 5m00s"


def test_it_is_added_to_what_is_there(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    path, messages = tmp_path / "summary.md", []
    path.write_text("before\n\n")
    output = make_github(path)
    output.start(facts(messages))
    output.finish(None)
    output.finish(nasty())
    output.finish(coupons(HEALTHY, HAPPY))

    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n\n## ❌ FAIL")
    assert "\n\n## ✅ PASS" in text
    assert messages == []


def test_a_workflow_gets_annotations(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    messages = []
    output = make_github(tmp_path / "summary.md")
    output.start(facts(messages))
    output.finish(coupons())

    assert len(messages) == 1
    assert messages[0].startswith(
        "::error title=surgeline%3A threshold failed::http_req_duration{name:validate} p(99)<40 (4"
    )


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (coupons(HEALTHY, HAPPY), []),
        (coupons(HEALTHY, {}), []),
        (coupons(OVERLOADED, HAPPY), ["::warning title=surgeline%3A inconclusive::the generator was the limit"]),
    ],
)
def test_annotations(result, expected):
    found = annotations(result)

    assert len(found) == len(expected)
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True))
    assert all("%25" in one for one in found)


def test_a_path_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(OptionError, match="there is no directory"):
        make_github(tmp_path / "missing" / "summary.md").start(facts())


def test_a_path_that_vanished_is_told(tmp_path):
    messages = []
    (tmp_path / "reports").mkdir()
    output = make_github(tmp_path / "reports" / "summary.md")
    output.start(facts(messages))
    (tmp_path / "reports").rmdir()
    output.finish(coupons(HEALTHY, HAPPY))

    assert len(messages) == 1
    assert "No such file or directory" in messages[0]


def test_operations_have_a_table_of_their_own():
    texts = rendered(github_markdown(with_operations(coupons())))
    cells = texts["cell"]

    assert texts["heading"][1:] == ["Thresholds", "Requests", "Operations", "Checks", "Errors"]
    assert cells[cells.index("Operation") + 1] == "Count"
    start = cells.index("find-coupon")
    assert cells[start + 1 : start + 3] == ["20,000", "66.6/s"]
    assert cells[start + 7] == "1.06%"
    assert cells[cells.index("find-coupon: TimeoutError") + 1] == "200"
    assert cells[cells.index("1503 unexpected status 503") + 1] == "1,488"


def test_a_run_of_operations_alone():
    result = operations_alone()
    texts = rendered(github_markdown(replace(result, failures=(FailureKind(0, "a|b", 3, Kind.OPERATIONS),))))

    assert "Requests" not in texts["heading"]
    assert "Request" not in texts["cell"]
    assert texts["cell"][texts["cell"].index("a|b") + 1] == "3"
