"""Carries cases out with k6 and with surgeline, side by side, and reads what each of them came to.

Knows no case. What differs in every request, and on purpose, is left out of what is compared: User-Agent, Accept, which
k6 does not send, and Referer, which Go's client adds to redirects though no script asked for it.
"""

import json
import os
import re
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import trustme
from http_script import k6_script, our_script
from http_scripted_server import ScriptedServer

from healthy_generator import COMMAND

K6, OURS = "k6", "us"
"""Names of the same length, so that paths and bodies are."""
_WAIT = 120
_LEFT_OUT = re.compile(r"^K6_|^SURGELINE_|_proxy$", re.IGNORECASE)
"""Variables of the environment that a tool is not given: options, and proxies, which Go programs use."""
_DIFFERENT_ON_PURPOSE = frozenset({"user-agent", "accept", "referer"})
_TAGS = ("method", "name", "url", "status", "expected_response", "error_code", "proto", "tls_version")


@dataclass(frozen=True)
class Seen:
    """What one tool made of a case."""

    sent: list
    """Requests that reached the server, in their order."""
    counted: Counter
    """How many requests were counted, by their tags."""
    failed: Counter
    """How many were counted as failed and not, by (name, 1) and (name, 0)."""
    told: list
    """What the script told, in its order."""
    said: str
    """All that the tool printed."""

    @property
    def facts(self):
        """All that has to be the same."""
        return {
            "sent": [_comparable(one) for one in self.sent],
            "counted": Counter(_without_protocol_of_none(tags) for tags in self.counted.elements()),
            "failed": self.failed,
            "told": self.told,
        }

    @property
    def lines(self):
        """The requests as `GET /path`."""
        return [f"{one.method} {one.path}" for one in self.sent]

    @property
    def bodies(self):
        """What the script told of bodies."""
        return [body for _, _, body, *_ in self.told]

    def header(self, name):
        """Return a field of each request, None where it was not sent."""
        return [one.header(name) for one in self.sent]

    def tags(self, *names):
        """Return these tags of each counted request, sorted; None where a request does not have it."""
        return sorted((tuple(map(dict(tags).get, names)) for tags in self.counted.elements()), key=str)


def _comparable(sent):
    fields = sorted((name, sent.header(name)) for name in sent.headers.keys() - _DIFFERENT_ON_PURPOSE)
    return sent.method, sent.path, fields, sent.body


def _without_protocol_of_none(tags):
    """Tags but for `proto` of a request without an answer, of which there is a test of its own."""
    return tuple(one for one in tags if one[0] != "proto" or ("status", "0") not in tags)


def seen_in(*runs):
    """Return a fixture, for a module: what k6 and what surgeline made of each case, by its name.

    A run is cases and their options.
    """

    @pytest.fixture(scope="module")
    def seen(k6, tmp_path_factory):
        found = {}
        for cases, options in runs:
            found |= carry_out(k6, tmp_path_factory.mktemp("http"), cases, options)
        return found

    return seen


def carry_out(k6, folder, cases, options):
    """Return what k6 and what surgeline made of each case, by its name. Raises RuntimeError when a tool gave up."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    with ScriptedServer(cases, ca) as server, ThreadPoolExecutor(2) as pool:
        run = _Run(server, folder, cases, options)
        theirs = pool.submit(run.k6, k6)
        ours = pool.submit(run.ours)
        return {one.name: (theirs.result()[one.name], ours.result()[one.name]) for one in cases}


class _Run:
    """One run of each tool; k6 takes the authority that it trusts from the environment, as Go programs do."""

    def __init__(self, server, folder, cases, options):
        self._server = server
        self._folder = folder
        self._cases = cases
        self._options = options

    def k6(self, path):
        script = self._script(K6, "k6.js", k6_script)
        trusted = {"SSL_CERT_FILE": str(self._folder / "ca.pem")} if self._options.trusts_server else {}
        return self._carry_out(K6, [path, "run", "--no-color", "--quiet", "--no-summary"], script, trusted)

    def ours(self):
        script = self._script(OURS, "us.py", our_script)
        flags = ["--insecure"] if self._options.insecure else []
        return self._carry_out(OURS, [*COMMAND, "run", "--quiet", "--no-run-file", *flags], script, {})

    def _script(self, tool, name, render):
        path = self._folder / name
        path.write_text(render(self._cases, self._options, lambda one: self._server.places(tool, one.name)))
        return path

    def _carry_out(self, tool, command, script, more):
        out = script.with_suffix(".json")
        kept = {name: value for name, value in os.environ.items() if not _LEFT_OUT.search(name)}
        process = subprocess.run(
            [str(word) for word in [*command, "--out", f"json={out}", script]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._folder,
            env=kept | {"K6_NO_USAGE_REPORT": "true", "PYTHONDONTWRITEBYTECODE": "1"} | more,
            timeout=_WAIT,
            check=False,
        )
        if process.returncode:
            raise RuntimeError(f"{tool}: expected the exit code 0, found {process.returncode}: {process.stdout}")
        points = [one for one in map(json.loads, out.read_text().splitlines()) if one["type"] == "Point"]
        return {one.name: _seen(self._server, tool, one.name, points, process.stdout) for one in self._cases}


def _seen(server, tool, name, points, said):
    mine = [json.loads(json.dumps(one).replace(f"/{tool}/{name}/", "/")) for one in points if _of(one) == name]
    told = sorted((one for one in mine if one["metric"] == "told"), key=lambda one: one["data"]["value"])
    return Seen(
        server.sent(tool, name),
        Counter(_tags(one) for one in mine if one["metric"] == "http_reqs"),
        Counter(
            (one["data"]["tags"]["name"], one["data"]["value"]) for one in mine if one["metric"] == "http_req_failed"
        ),
        [json.loads(one["data"]["tags"]["said"]) for one in told],
        said,
    )


def _of(point):
    return point["data"]["tags"].get("scenario")


def _tags(point):
    tags = point["data"]["tags"]
    return tuple((name, tags[name]) for name in _TAGS if name in tags)
