"""The fuzzer of the whole client, for a moment and always with the same inputs, and every input that is kept."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.fuzz.client import CORPUS, Report, generated, play
from tests.fuzz.hostile_server import STEPS
from tests.fuzz.program import code_of, decode
from tests.fuzz.script import ACTIONS, Script

from surgeline.protocols.http.client import HttpClient

CONNECTIONS = 600


@pytest.mark.parametrize("kept", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_kept_inputs(kept):
    assert play(kept.read_bytes()).scenes == 1


def test_a_fixed_sequence(tmp_path, capsys):
    report = Report(tmp_path)
    report.run(generated(seed=1), CONNECTIONS)
    assert report.failures == 0, capsys.readouterr().out
    assert report.played.connections >= CONNECTIONS
    # It reaches what it is for: answers, failures, and calls that are given up.
    assert {"200", "0", "cancelled"} <= set(report.played.endings)


def test_the_sequence_plays_everything_there_is():
    played = set()
    for data, _ in zip(generated(seed=1), range(600), strict=False):
        scene = decode(data, ACTIONS, STEPS)
        played |= {each.action.play for track in scene.tasks + scene.connections for each in track}
    assert played == {action.play for action in (*ACTIONS.values(), *STEPS.values())}


def test_what_no_table_has_is_passed_over():
    numbers = (code_of(who, 31) for who in range(8))
    scene = decode(bytes([0, *numbers]), ACTIONS, STEPS)
    assert (scene.tasks, scene.connections) == ((), ((),))


def test_a_failure_is_told_and_kept(tmp_path, capsys, monkeypatch):
    """A call that the client takes twice for one: the samples no longer add up."""

    def counted_twice(script, *arguments, **options):
        call = started(script, *arguments, **options)
        script.calls.append(call)
        return call

    started = Script.call
    monkeypatch.setattr(Script, "call", counted_twice)
    report = Report(tmp_path)
    data = bytes([0, code_of(0, 0), 0, 0])
    report.play(data)
    told = capsys.readouterr().out
    assert report.failures == 1
    assert "do not add up" in told
    assert "task 0: get(0, 60.0)" in told
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [data]


def test_a_call_that_hangs_is_told(monkeypatch):
    monkeypatch.setattr("tests.fuzz.client._LAST_TURNS", 3)
    monkeypatch.setattr("tests.fuzz.client._GRACE_NS", 0)
    monkeypatch.setattr(HttpClient, "get", lambda client, _url: client._scenario.poller.loop.create_future(), False)
    with pytest.raises(AssertionError, match="these calls hang"):
        play(bytes([0, code_of(0, 0), 0, 0]))
