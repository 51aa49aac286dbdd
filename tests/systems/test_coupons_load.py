"""The load scripts, run by the load generator against the real service."""

import json
import subprocess
from pathlib import Path

import pytest
from coupons_support import SIZES

from healthy_generator import COMMAND
from surgeline_systems.catalogue import system_named
from surgeline_systems.system import Suite, System

SYSTEM = "coupons"
SETTINGS = {**SIZES, "TARGET_RPS": 200, "DURATION": "1s"}
ITERATIONS = {"benchmark": 1_000, "constant_rate": 200}


@pytest.mark.parametrize("suite", system_named(SYSTEM).suites, ids=lambda suite: suite.name)
def test_every_answer_in_a_load_is_the_right_one(system: System, service: str, tmp_path: Path, suite: Suite):
    summary = tmp_path / "summary.json"
    environment = [part for name, value in SETTINGS.items() for part in ("-e", f"{name}={value}")]
    # Without thresholds: how fast the machine of a test is says nothing about the script.
    options = ["--no-thresholds", "--quiet", "--base-url", service, "--summary-export", str(summary)]
    command = [*COMMAND, "run", str(system.script(suite)), *environment, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads(summary.read_text())["metrics"]
    assert metrics["iterations"]["values"]["count"] == ITERATIONS[suite.name]
    assert metrics["checks"]["values"] == {"rate": 1, "passes": 2 * ITERATIONS[suite.name], "fails": 0}
    assert metrics["http_req_failed"]["values"]["rate"] == 0
