"""Standard output that cannot be written: the verdict, the exports and one message remain."""

import json
import shlex
import signal
import subprocess

import pytest
from cli_support import WAIT, environment, surgeline

from healthy_generator import COMMAND

SCRIPT = """from surgeline import *
thresholds({"iterations": "count>5"})
@scenario(shared_iterations(iterations=2))
async def s(vu):
    check(vu, {"fine": True})
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def in_shell(command, folder):
    """Run a shell's command line, in which `surgeline` is ours; returns its exit code and standard error."""
    text = f'surgeline() {{ {shlex.join(COMMAND)} "$@"; }}; {command}'
    done = subprocess.run(
        ["bash", "-c", text], capture_output=True, timeout=WAIT, cwd=folder, env=environment(), check=False
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(("where", "reason"), [(">/dev/full", "No space left on device"), (">&-", "it is closed")])
def test_the_verdict_and_the_exports_remain(folder, where, reason):
    code, err = in_shell(f"surgeline run script.py -q --summary-export out.json {where}", folder)
    message = f"surgeline: the summary could not be printed: standard output cannot be written: {reason}\n"
    assert (code, err) == (99, message)
    assert json.loads((folder / "out.json").read_text())["metrics"]["iterations"]["values"]["count"] == 2


@pytest.mark.parametrize("command", ["report last", "runs", "runs --json", "inspect script.py", "new other"])
@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_other_commands_say_it(folder, command, where):
    in_shell("surgeline run script.py", folder)
    code, err = in_shell(f"surgeline {command} {where}", folder)
    assert code == 104
    assert err.startswith("surgeline: standard output cannot be written: ")
    assert err.count("\n") == 1


def test_whoever_has_seen_enough_is_told_nothing(folder):
    assert in_shell("surgeline run script.py -q | true; exit ${PIPESTATUS[0]}", folder) == (99, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_characters_that_an_encoding_does_not_have_are_replaced(folder, encoding):
    (folder / "plain.py").write_text(SCRIPT.replace("fine", "\u65e5"))
    done = subprocess.run(
        [*COMMAND, "run", "plain.py", "-q"],
        capture_output=True,
        timeout=WAIT,
        cwd=folder,
        env=environment(PYTHONIOENCODING=encoding),
        check=False,
    )
    out = done.stdout.decode(encoding)
    assert (done.returncode, done.stderr) == (99, b"")
    assert "  x iterations  count>5" in out
    assert "  + ?  " in out


def test_no_terminal_is_left_for_messages(folder):
    assert in_shell("surgeline run script.py >/dev/full 2>&-", folder)[0] == 99
    assert in_shell("surgeline run none.py 2>/dev/full", folder)[0] == 104


def test_nohup_is_respected(folder):
    """What is started with SIGHUP ignored goes on when its terminal closes."""
    script = SCRIPT.replace("async def s(vu):", "async def s(vu):\n    import os; os.kill(os.getpid(), 1)")
    (folder / "script.py").write_text(script)
    ignored = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    assert surgeline("run", "script.py", "-q", cwd=folder, preexec_fn=ignored).code == 99
    assert surgeline("run", "script.py", "-q", cwd=folder).code == 105
