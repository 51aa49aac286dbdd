"""A file costs no more memory than its index and a window of it, however large it is and whatever is drawn."""

import subprocess
import sys

import pytest

MEGABYTES = 20
MOST_GROWTH = 8
"""Megabytes: one reading with its text, the window with the places of its records, the index, and what fragments."""
CHILD = r"""
import re, sys
from pathlib import Path
from random import Random
from types import SimpleNamespace
from surgeline import pool
from surgeline.schedule.share import Share

def most():
    # Not `getrusage`: what that says begins with what the process had been that started this one.
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

kind, small, large = sys.argv[1:]
vu = SimpleNamespace(random=Random(1), share=Share())

def draw(values, times):
    for _ in range(times):
        for how in (values.random, values.cycle, values.unique, values.zipf):
            assert how(vu)["name"] == "ada löwe"

draw(getattr(pool, kind)(small), 1)
before = most()
values = getattr(pool, kind)(large)
draw(values, 10_000)
assert sum(1 for value in values if value["name"] == "ada löwe") == len(values)
print(len(values), round(most() - before, 1))
"""
RECORDS = {
    "csv": ("id,name,email\n", '{},ada löwe,"ada{}@test.com"\n', ""),
    "json": ('[{"id": -1, "name": "ada löwe"}', ',\n{{"id": {}, "name": "ada löwe", "email": "ada{}@test.com"}}', "]"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_large_file_is_drawn_from_in_a_window(tmp_path, kind):
    head, record, tail = RECORDS[kind]
    piece = "".join(record.format(number, number) for number in range(1000, 9000))
    for name, times in (("small", 1), ("large", MEGABYTES * 1_000_000 // len(piece.encode()))):
        (tmp_path / name).write_text(head + piece * times + tail, encoding="utf-8")
    command = [sys.executable, "-c", CHILD, kind, str(tmp_path / "small"), str(tmp_path / "large")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    count, growth = done.stdout.split()
    assert int(count) > 200_000
    assert 0 < float(growth) < MOST_GROWTH
