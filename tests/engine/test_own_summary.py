"""What a script adds to the summary: figures of any samples, and what happens when it fails."""

import textwrap

import pytest

from surgeline.errors import ExitCode, ScriptError
from surgeline.report.terminal import render_summary
from surgeline.run import RunOptions, run_plan
from surgeline.script.load import load_script

SCRIPT = """
import signal, sys
from surgeline import *

def break_off():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)

thresholds({"iterations": "count>1"})
sizes = Trend("sizes")

@scenario(shared_iterations(iterations=2))
async def one(vu):
    sizes.add(vu.iteration * 10, tags={"kind": "box"})

"""


@pytest.fixture
def run(tmp_path):
    """Run a script with this summary; return its report."""

    def run(text):
        path = tmp_path / "script.py"
        path.write_text(SCRIPT + textwrap.dedent(text))
        return run_plan(load_script(path), RunOptions(lambda _: None, lambda _: None))

    return run


def test_it_is_told_of_any_samples_and_stands_before_the_last_verdict(run):
    report = run("""
        @summary
        def tell(results):
            return "\\n".join([
                f"{results.value('sizes{kind:box}', 'p(50)')} {results.value('iterations{scenario:one}', 'count')}",
                f"{results.value('sizes{kind:bag}', 'avg')} {results.verdict} {results.seconds > 0}",
            ])
    """)
    assert report.exit_code is ExitCode.PASSED
    assert report.result.own_summary == "5.0 2.0\nNone passed True"
    lines = render_summary(report.result, width=100, color=False).splitlines()
    assert lines[-5:-1] == ["", "5.0 2.0", "None passed True", ""]


def test_a_text_of_a_kind_of_its_own_is_a_text(run):
    report = run("""
        class Words(str):
            pass

        @summary
        def tell(results):
            return Words("fine")
    """)
    assert type(report.result.own_summary) is str


def test_what_a_terminal_would_obey_is_shown(run):
    report = run("""
        @summary
        def tell(results):
            return "\\x1b[2Jgone"
    """)
    assert "\x1b" not in render_summary(report.result, width=100, color=False)


def test_a_set_up_that_failed_leaves_nothing_to_tell_of(run):
    report = run("""
        @setup
        def prepare():
            raise ValueError("no data")

        @summary
        def tell(results):
            raise ValueError("was called")
    """)
    assert report.result is None
    assert "no data" in str(report.error)


def test_the_first_error_is_the_one_that_is_told(run):
    report = run("""
        @teardown
        def tidy():
            raise ValueError("left behind")

        @summary
        def tell(results):
            raise ValueError("no figures")
    """)
    assert "left behind" in str(report.error)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('no figures')", "@summary raised.\nTraceback"),
        ("return 5", "@summary: expected a text, found 5"),
        ("return str(results.value('iterations', 'p(99)'))", "expected a statistic that iterations has, found 'p(99)'"),
        ("return str(results.value('sizes{kind', 'avg'))", "@summary raised."),
        ("abort('too late')", "RunAborted: too late"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("break_off()", "KeyboardInterrupt"),
    ],
)
def test_one_that_fails_costs_its_text_alone(run, body, message):
    report = run(f"""
        @summary
        def tell(results):
            {body}
    """)
    assert report.exit_code is ExitCode.SETUP_FAILED
    assert message in str(report.error)
    assert report.result.verdict.outcome.value == "passed"
    assert report.result.own_summary == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@summary\nasync def tell(results): ...", "@summary: expected a function that is not async"),
        ("@summary\ndef tell(results, more): ...", "@summary: expected a function of one parameter"),
        ("@summary\ndef tell(): return ''", "@summary: expected a function of one parameter"),
        ("summary(lambda r: '')\nsummary(lambda r: '')", "@summary: expected one function, found a second"),
    ],
)
def test_what_is_no_summary_is_refused(run, text, message):
    with pytest.raises(ScriptError, match=message):
        run(text)
