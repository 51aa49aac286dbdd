"""The load scripts, run by the load generator against the real service."""

import json
import subprocess
from pathlib import Path

import pytest

from conftest import SIZES
from healthy_generator import COMMAND
from surgeline_systems.coupons.demo import SCRIPTS

SETTINGS = {**SIZES, "TARGET_RPS": 200, "DURATION": "1s"}
ITERATIONS = {"benchmark.py": 1_000, "constant_rate.py": 200}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_every_answer_in_a_load_is_the_right_one(service: str, tmp_path: Path, script: Path):
    summary = tmp_path / "summary.json"
    environment = [part for name, value in SETTINGS.items() for part in ("-e", f"{name}={value}")]
    # Without thresholds: how fast the machine of a test is says nothing about the script.
    options = ["--no-thresholds", "--quiet", "--base-url", service, "--summary-export", str(summary)]
    command = [*COMMAND, "run", str(script), *environment, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads(summary.read_text())["metrics"]
    assert metrics["iterations"]["values"]["count"] == ITERATIONS[script.name]
    assert metrics["checks"]["values"] == {"rate": 1, "passes": 2 * ITERATIONS[script.name], "fails": 0}
    assert metrics["http_req_failed"]["values"]["rate"] == 0
