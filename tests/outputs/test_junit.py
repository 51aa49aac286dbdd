"""JUnit XML: a document that every parser reads, by the rules of Jenkins' schema, that goes red when the run does."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from push_support import facts
from result_support import HAPPY, HEALTHY, OVERLOADED, coupons, nasty

from surgeline.errors import OptionError
from surgeline.metrics.values import RateValue
from surgeline.outputs.junit import junit_xml, make_junit
from surgeline.result import CheckResult

# The rules of Jenkins' junit-10.xsd that concern what is written: children in any order, attributes by name.
COUNTS = {"tests", "failures", "errors"}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out"},
    "properties": {"property"},
    "testcase": {"skipped", "error", "failure", "system-out"},
}
ATTRIBUTES = {
    "testsuites": {"name", "time", *COUNTS},
    "testsuite": {"name", "time", "timestamp", "skipped", *COUNTS},
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
}
RESULTS = {
    "failed": coupons(),
    "passed": coupons(HEALTHY, HAPPY),
    "limited": coupons(OVERLOADED),
    "no samples": coupons(HEALTHY, {"http_req_duration{name:validat}": "p(95)<500", "checks": "rate>0.9"}),
    "not judged": coupons(HEALTHY, {}),
    "nasty": nasty(),
}


def written(result):
    root = ET.fromstring(junit_xml(result))
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert set(element.attrib) == ATTRIBUTES.get(element.tag, set())
    for suite in (*root, root):
        counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
        for attribute, tag in counted.items():
            assert suite.get(attribute) in {None, str(len(list(suite.iter(tag))))}
    return root


def cases(result):
    """(class, name) -> how the case ended, and its message."""
    found = {}
    for case in written(result).iter("testcase"):
        endings = [child for child in case if child.tag != "system-out"]
        assert len(endings) <= 1
        ending = (endings[0].tag, endings[0].get("message")) if endings else ("passed", None)
        found[case.get("classname"), case.get("name")] = ending
    return found


@pytest.mark.parametrize("name", RESULTS)
def test_the_document_keeps_to_the_schema(name):
    root = written(RESULTS[name])

    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == ["thresholds", "checks"]
    assert int(root.get("tests")) > 0
    assert root[0].get("timestamp") == "2026-03-14T15:09:26"
    assert float(root[0].get("time")) == 300.4


def test_a_missed_threshold_is_a_failure_with_what_was_measured():
    found = cases(coupons())

    assert found["http_req_duration", "p(95)<500"] == ("passed", None)
    ending, message = found["http_req_duration{name:validate}", "p(99)<40"]
    assert ending == "failure"
    assert message.startswith("expected http_req_duration{name:validate} p(99)<40, measured: 4")
    assert message.endswith("ms")
    assert found["surgeline", "the run can be judged"] == ("passed", None)


def test_a_threshold_without_samples_is_an_error():
    found = cases(RESULTS["no samples"])

    assert found["http_req_duration{name:validat}", "p(95)<500"][0] == "error"
    assert "no samples" in found["http_req_duration{name:validat}", "p(95)<500"][1]
    assert found["surgeline", "the run can be judged"][0] == "error"


def test_nothing_fails_on_a_limited_generator_but_the_file_is_red():
    endings = [ending for ending, _ in cases(RESULTS["limited"]).values()]
    found = cases(RESULTS["limited"])

    assert "failure" not in endings
    assert found["surgeline", "the run can be judged"][0] == "error"
    assert "the generator was the limit" in found["surgeline", "the run can be judged"][1]
    assert found["http_req_duration{name:validate}", "p(99)<40"][0] == "error"


def test_without_thresholds_there_is_one_skipped_case():
    found = cases(replace(RESULTS["not judged"], checks=()))

    assert {key: ending for key, (ending, _) in found.items()} == {("surgeline", "the run can be judged"): "skipped"}


def test_checks_inform_and_never_fail():
    found = cases(
        replace(coupons(HEALTHY, HAPPY), checks=(CheckResult("ok", RateValue(4, 0)), CheckResult("b", RateValue(1, 3))))
    )

    assert found["checks", "ok"] == ("passed", None)
    assert found["checks", "b"] == ("skipped", "3 of 4 failed (75%)")
    assert not {"failure", "error"} & {ending for ending, _ in found.values()}


def test_the_summary_is_in_the_output():
    text = written(coupons())[0].find("system-out").text

    assert text.startswith("FAIL")
    assert "REQUESTS" in text


def test_texts_that_xml_cannot_hold_are_spelled_out():
    root = written(nasty())

    assert "\\x1b[31m\\x00" in root.get("name")
    assert "\\ud800" in root.get("name")
    assert "\n" in root.get("name")


XML_CHARACTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")


@settings(max_examples=50, deadline=None)
@given(st.text(XML_CHARACTERS | st.sampled_from("\t\n")))
def test_a_name_that_xml_can_hold_is_read_back_as_it_is(text):
    found = cases(replace(coupons(HEALTHY, HAPPY), checks=(CheckResult(text, RateValue(1, 0)),)))

    assert ("checks", text) in found


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_name_makes_a_document(text):
    assert len(cases(replace(coupons(HEALTHY, HAPPY), title=text, checks=(CheckResult(text, RateValue(1, 0)),)))) == 5


def test_the_file_is_written_at_the_end_and_only_when_there_was_a_load(tmp_path):
    path, messages = tmp_path / "junit.xml", []
    output = make_junit(path)
    output.start(facts(messages))
    output.finish(None)
    assert not path.exists()
    output.finish(coupons())

    assert ET.parse(path).getroot().tag == "testsuites"
    assert list(tmp_path.iterdir()) == [path]
    assert messages == []


@pytest.mark.parametrize(
    ("name", "reason"), [("missing/junit.xml", "there is no directory"), (".", "it is a directory")]
)
def test_a_path_that_cannot_be_written_is_refused_before_the_load(tmp_path, name, reason):
    with pytest.raises(OptionError, match=reason):
        make_junit(tmp_path / name).start(facts())


def test_a_path_that_vanished_is_told(tmp_path):
    messages = []
    (tmp_path / "reports").mkdir()
    output = make_junit(tmp_path / "reports" / "junit.xml")
    output.start(facts(messages))
    (tmp_path / "reports").rmdir()
    output.finish(coupons())

    assert len(messages) == 1
    assert "No such file or directory" in messages[0]
