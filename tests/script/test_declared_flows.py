"""What a script may say of flows, and how it is told what it may not."""

import textwrap

import pytest

from surgeline.errors import ScriptError
from surgeline.script.load import load_script

START = """
from surgeline import *

@scenario(constant_vus(vus=1, duration="1s"))
async def send(vu):
    pass

"""


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "script.py"
        path.write_text(START + textwrap.dedent(text))
        return load_script(path)

    return load


def test_a_flow_is_part_of_the_plan(load):
    plan = load("""
        flow = Flow("order-shipped", timeout="1m30s")
        other = Flow("other", timeout=2)
        assert flow.name == "order-shipped"

        @other.watch(every="250ms")
        async def look(vu, waiting): ...

        thresholds({"flow_lost{flow:other}": "count<1", "flow_duration": "p(95)<1", "flow_late{flow:other}": "count<5"})
    """)

    flow, other = plan.flows
    assert (flow.name, flow.timeout_ns, flow.watch) == ("order-shipped", 90_000_000_000, None)
    assert (other.timeout_ns, other.watch.every_ns, other.watch.every) == (2_000_000_000, 250_000_000, "250ms")


WRONG = {
    'Flow("a b", timeout=1)': "Flow: expected a name of letters, digits, - and _, found 'a b'",
    'Flow("a")': "Flow: expected timeout, found none: Flow(name, timeout=...)",
    'Flow("a", timeout=0)': "Flow: timeout: expected a time above 0, found 0",
    'Flow("a", timeout="soon")': "Flow: timeout: expected a duration such as",
    'Flow("a", timeout=1); Flow("a", timeout=2)': "Flow: expected a name of its own, found a second 'a'",
    'Flow("a", timeout=1).watch(every=0)': "@flow.watch: every: expected a time above 0, found 0",
    'Flow("a", timeout=1).watch(every=1)(lambda vu, waiting: [])': "expected `async def function(vu, waiting)`",
    'Flow("a", timeout=1).watch(every=1)(send)': "with two parameters: the virtual user, and the keys under way",
    'Flow("a", timeout=1).started(1)': "flow.started() belongs in the load",
    'thresholds({"flow_lost": "count<1"})': "threshold of 'flow_lost': expected a Flow in the script, found none",
    'Flow("sent", timeout=1); thresholds({"flow_lost{flow:snet}": "count<1"})':
        'character 16: expected a flow of the script: sent, found "snet"; did you mean "sent"?',
    'Counter("flow_lost")': "expected a name of its own, found 'flow_lost', which is built in",
}  # fmt: skip


@pytest.mark.parametrize("statement", WRONG)
def test_what_is_wrong_is_said(load, statement):
    with pytest.raises(ScriptError) as caught:
        load(statement)

    assert WRONG[statement] in str(caught.value)


def test_a_flow_has_one_watcher(load):
    with pytest.raises(ScriptError, match=r"@flow.watch: expected one function for 'a', found a second"):
        load("""
            flow = Flow("a", timeout=1)
            async def look(vu, waiting): ...
            flow.watch(every=1)(look)
            flow.watch(every=1)(look)
        """)


def test_outside_of_a_script_a_flow_declares_nothing():
    from surgeline import Flow

    assert Flow("alone", timeout=1).name == "alone"
