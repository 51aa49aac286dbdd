"""Conditions as a script declares them, from `thresholds` to the plan."""

import pytest

from surgeline.errors import ScriptError
from surgeline.script.load import load_script

SCRIPT = """from surgeline import constant_vus, scenario, thresholds

thresholds({declared})


@scenario(constant_vus(vus=1, duration="1s"))
async def main(vu):
    pass
"""


def load(folder, *declared):
    path = folder / "script.py"
    path.write_text(SCRIPT.replace("thresholds({declared})", "\n".join(f"thresholds({one})" for one in declared)))
    return load_script(path)


FORMS = [
    '{"http_reqs": {"threshold": "count>5", "abort_on_fail": True, "delay_abort_eval": "10s"}}',
    '{"http_reqs": [{"threshold": "count>5", "abort_on_fail": True, "delay_abort_eval": "10s"}]}',
    '{"http_reqs": ({"threshold": "count>5", "abort_on_fail": True, "delay_abort_eval": 10},)}',
]


@pytest.mark.parametrize("declared", FORMS)
def test_the_long_form_stands_in_place_of_a_text(tmp_path, declared):
    (threshold,) = load(tmp_path, declared).thresholds

    assert threshold.condition.source == "count>5"
    assert (threshold.abort_on_fail, threshold.delay_abort_ns) == (True, 10_000_000_000)


def test_both_forms_stand_side_by_side_and_in_several_calls(tmp_path):
    declared = '{"http_reqs": ["count>5", {"threshold": "rate>1 over 5s"}]}', '{"http_reqs": "count<9 after 1s"}'
    plan = load(tmp_path, *declared)

    assert [one.condition.source for one in plan.thresholds] == ["count>5", "rate>1 over 5s", "count<9 after 1s"]


WRONG = [
    ('["http_reqs"]', "thresholds: expected a mapping of metrics to conditions, found ['http_reqs']"),
    (
        '{"http_reqs": 5}',
        "thresholds: expected a list of texts, or of {\"threshold\": ...}, for 'http_reqs', found 5",
    ),
    (
        '{"http_reqs{name:a}": []}',
        "thresholds: expected at least one condition for 'http_reqs{name:a}', found none; the figures of any tag are "
        "shown by `surgeline report RUN --tag KEY=VALUE`",
    ),
    (
        '{"http_reqs": ["count>5", 5]}',
        "thresholds: expected a list of texts, or of {\"threshold\": ...}, for 'http_reqs', found ['count>5', 5]",
    ),
    (
        '{"http_reqs": {"threshold": "count>5", "abortOnFail": True}}',
        "threshold of 'http_reqs': expected the keys threshold, abort_on_fail, delay_abort_eval, found "
        '"abortOnFail"; did you mean "abort_on_fail"?',
    ),
    (
        '{"http_reqs": "count>5 over 30"}',
        "threshold of 'http_reqs': \"count>5 over 30\", character 14: expected a duration with its unit, such as 30s "
        'or 1m30s, after "over", found "30"; did you mean "30s"?',
    ),
]


@pytest.mark.parametrize(("declared", "message"), WRONG)
def test_refuses_others_with_the_line(tmp_path, declared, message):
    with pytest.raises(ScriptError) as caught:
        load(tmp_path, declared)

    assert str(caught.value) == f"{tmp_path / 'script.py'}:3: {message}"
