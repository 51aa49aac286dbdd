"""JUnit XML, for the systems that build and test: one file, written when the run has ended.

Knows a result and the format's common ground: what Jenkins' schema and GitLab read. What it decides:

- Suite `thresholds`: a case for each threshold, its class the metric, its name the condition. One that is missed is a
  failure. One that could not be judged, for want of samples or because the generator was the limit, is an error: both
  systems show it red and apart from failures; `skipped` would let a build pass on a verdict that nobody gave.
- Its first case is `surgeline` / `the run can be judged`: an error when the verdict is inconclusive, skipped when there
  are no thresholds. So a file always has a case, without which Jenkins refuses it.
- Suite `checks`: a case for each check. Checks never change the verdict, so a failed one is no failure: its case is
  skipped, with how often it failed. Who wants a check to count gives it a threshold.
"""

import re
import xml.etree.ElementTree as ET
from datetime import UTC
from pathlib import Path

from surgeline.judge.evaluate import ThresholdResult, measured_text
from surgeline.judge.verdict import Outcome
from surgeline.outputs.at_the_end import AtTheEnd
from surgeline.outputs.files import write_whole
from surgeline.report.format import number, percent
from surgeline.report.terminal import render_summary
from surgeline.result import CheckResult, RunResult

_WHAT = "JUnit report"
_SUMMARY_WIDTH = 120
# XML 1.0, production 2 (Char), without the carriage return, which a parser would take for the end of a line.
_NO_XML = "[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_ON_CHECKS = (
    "for information: a check that fails does not change the verdict; give the metric checks a threshold for that"
)


def make_junit(path: Path) -> AtTheEnd:
    """Return the output that writes the file."""
    return AtTheEnd(path, _WHAT, lambda result, path, _notify: write_whole(junit_xml(result), path, _WHAT))


def junit_xml(result: RunResult) -> bytes:
    """Return the document. Characters that XML does not have are spelled out, as in `\\x1b`."""
    root = ET.Element("testsuites", {"name": _valid(result.title), "time": f"{result.seconds:.3f}"})
    thresholds = _suite(root, "thresholds", result, {"verdict": result.verdict.outcome.value, "seed": str(result.seed)})
    _judgeable(thresholds, result)
    for judged in result.thresholds:
        _threshold(thresholds, judged, trusted=result.verdict.outcome is not Outcome.INCONCLUSIVE)
    summary = render_summary(result, width=_SUMMARY_WIDTH, color=False)
    ET.SubElement(thresholds, "system-out").text = _valid(summary)
    if result.checks:
        checks = _suite(root, "checks", result, {"meaning": _ON_CHECKS})
        for check in result.checks:
            _check(checks, check)
    for element in (*root, root):
        _count(element)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(root: ET.Element, name: str, result: RunResult, properties: dict[str, str]) -> ET.Element:
    started = result.started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.SubElement(root, "testsuite", {"name": name, "time": f"{result.seconds:.3f}", "timestamp": started})
    holder = ET.SubElement(suite, "properties")
    for key, value in properties.items():
        ET.SubElement(holder, "property", {"name": key, "value": value})
    return suite


def _case(suite: ET.Element, classname: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", {"classname": _valid(classname), "name": _valid(name), "time": "0"})


def _judgeable(suite: ET.Element, result: RunResult) -> None:
    case = _case(suite, "surgeline", "the run can be judged")
    reasons = [_valid(reason) for reason in result.verdict.reasons]
    first = "".join(reasons[:1])
    if result.verdict.outcome is Outcome.INCONCLUSIVE:
        ET.SubElement(case, "error", {"type": "inconclusive", "message": first}).text = "\n".join(reasons)
    elif result.verdict.outcome is Outcome.NOT_JUDGED:
        ET.SubElement(case, "skipped", {"message": first})


def _threshold(suite: ET.Element, judged: ThresholdResult, *, trusted: bool) -> None:
    threshold = judged.threshold
    case = _case(suite, threshold.selector.source, threshold.condition.source)
    measured = measured_text(judged)
    expected = _valid(f"expected {threshold.selector.source} {threshold.condition.source}, measured: {measured}")
    if judged.ok is None:
        ET.SubElement(case, "error", {"type": "no samples", "message": expected}).text = expected
    elif not judged.ok and trusted:
        ET.SubElement(case, "failure", {"type": "threshold", "message": expected}).text = expected
    elif not judged.ok:
        ET.SubElement(case, "error", {"type": "inconclusive", "message": expected}).text = expected
    else:
        ET.SubElement(case, "system-out").text = f"measured: {measured}"


def _check(suite: ET.Element, check: CheckResult) -> None:
    value = check.value
    case = _case(suite, "checks", check.name)
    counts = f"{number(value.fails)} of {number(value.passes + value.fails)} failed"
    if value.fails:
        share = percent(value.fails / (value.passes + value.fails))
        ET.SubElement(case, "skipped", {"message": f"{counts} ({share})"})
    ET.SubElement(case, "system-out").text = counts


def _count(element: ET.Element) -> None:
    """Give a suite, or all of them, the counts of its cases."""
    tags = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    if element.tag == "testsuites":
        del tags["skipped"]  # which the schema of Jenkins does not have there
    for attribute, tag in tags.items():
        element.set(attribute, str(sum(1 for _ in element.iter(tag))))


def _valid(text: str) -> str:
    return re.sub(_NO_XML, lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)
