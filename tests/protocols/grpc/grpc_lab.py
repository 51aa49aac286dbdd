"""A gRPC server that counts what it is asked, and runs of scripts that ask it."""

import textwrap
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from surgeline.protocols.grpc.schema import Schema
from surgeline.run import RunOptions, run_plan
from surgeline.script.load import load_script
from surgeline.script.plan import Overrides
from surgeline.workers.recipe import script_plan

COMMON = """
syntax = "proto3";
package common;
enum Kind { UNKNOWN = 0; BIRTHDAY = 1; }
"""
EVENTS = """
syntax = "proto3";
package events;
import "common.proto";
import "google/protobuf/timestamp.proto";

message Device { string name = 1; }
message Login {
  string user_id = 1;
  int64 number = 2;
  common.Kind kind = 3;
  bytes token = 4;
  google.protobuf.Timestamp at = 5;
  repeated Device devices = 6;
}
message Answer { bool accepted = 1; string text = 2; int64 number = 3; }

service Handler {
  rpc OnLogin(Login) returns (Answer);
  rpc Count(Login) returns (stream Answer);
  rpc Collect(stream Login) returns (Answer);
  rpc Chat(stream Login) returns (stream Answer);
}
"""
WAIT = 30
"""Seconds that only what hangs takes."""


class Server:
    """Answers as each request asks for, and counts by method and status."""

    def __init__(self, schema, credentials=None, reflection=None):
        self.counts = Counter()
        self.ended = threading.Event()
        self.metadata = {}
        self.requests = []
        self.peers = set()
        self.let_go = threading.Event()
        self._lock = threading.Lock()
        self._methods = {
            name: schema.method(f"events.Handler/{name}") for name in ("OnLogin", "Count", "Collect", "Chat")
        }
        self._reflection = reflection
        self._serve("127.0.0.1:0", credentials)

    def stop(self):
        self.let_go.set()
        self._server.stop(0).wait(WAIT)

    def start_again(self):
        """Go away, and come back at the same address."""
        self._server.stop(0).wait(WAIT)
        self._serve(self.target)

    def _serve(self, address, credentials=None):
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_generic_rpc_handlers((_Handler(self),))
        if self._reflection:
            self._reflection(self._server)
        add = self._server.add_insecure_port if credentials is None else self._server.add_secure_port
        self.target = f"127.0.0.1:{add(address, *([credentials] if credentials else []))}"
        self._server.start()

    def note(self, method, status):
        with self._lock:
            self.counts[method, status] += 1

    def login(self, request, context):
        """The user's id says what is to come of it: a status, or an answer."""
        self.metadata = dict(context.invocation_metadata())
        self.requests.append(request)
        self.peers.add(context.peer())
        answer = self._methods["OnLogin"].response
        if request.user_id == "go away":
            threading.Thread(target=self.start_again).start()
            context.add_callback(self.ended.set)
            self.ended.wait(WAIT)
            return answer()
        if request.user_id == "garbage":
            return b"\xff\xff"
        if request.user_id == "slow":
            self.note("OnLogin", "DEADLINE_EXCEEDED")
            self.let_go.wait(WAIT)
            return answer()
        if request.user_id in grpc.StatusCode.__members__ and request.user_id != "OK":
            self.note("OnLogin", request.user_id)
            context.abort(grpc.StatusCode[request.user_id], "as you wish")
        context.send_initial_metadata((("x-served-by", "one"),))
        context.set_trailing_metadata((("x-cost", "7"), ("x-raw-bin", b"\x00\x01")))
        self.note("OnLogin", "OK")
        return answer(accepted=True, text=f"hello {request.user_id}", number=request.number)

    def count(self, request, context):
        answer = self._methods["Count"].response
        context.add_callback(self.ended.set)
        if request.user_id == "garbage":
            yield b"\xff\xff"
        for number in range(request.number or 1_000_000):
            yield answer(number=number)
        if request.user_id in grpc.StatusCode.__members__:
            self.note("Count", request.user_id)
            context.abort(grpc.StatusCode[request.user_id], "in the middle")
        self.note("Count", "OK")

    def collect(self, requests, _context):
        number = sum(request.number for request in requests)
        self.note("Collect", "OK")
        return self._methods["Collect"].response(number=number)

    def chat(self, requests, context):
        answer = self._methods["Chat"].response
        for request in requests:
            if request.user_id == "ABORTED":
                context.abort(grpc.StatusCode.ABORTED, "as you wish")
            yield answer(text=request.user_id)
            if request.user_id == "bye":
                break
        self.note("Chat", "OK")


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, server):
        own = server._methods
        kinds = {
            "OnLogin": (grpc.unary_unary_rpc_method_handler, server.login),
            "Count": (grpc.unary_stream_rpc_method_handler, server.count),
            "Collect": (grpc.stream_unary_rpc_method_handler, server.collect),
            "Chat": (grpc.stream_stream_rpc_method_handler, server.chat),
        }
        self._handlers = {
            own[name].path: make(answer, own[name].request.FromString, _on_the_wire)
            for name, (make, answer) in kinds.items()
        }

    def service(self, details):
        return self._handlers.get(details.method)


def _on_the_wire(answer):
    return answer if isinstance(answer, bytes) else answer.SerializeToString()


@contextmanager
def serving(schema, **options):
    server = Server(schema, **options)
    try:
        yield server
    finally:
        server.stop()


PREAMBLE = """
import asyncio
from surgeline import *
from surgeline import grpc

thresholds({"iterations": "count>=0"})
"""


class Ran:
    """A run that has ended, what it counted, and what its script kept in `found`."""

    def __init__(self, result, found, messages):
        self.result = result
        self.found = found
        self.messages = messages

    def value(self, metric, stat="count", **tags):
        found = self.result.metrics.value(metric, tags)
        return 0 if found is None else found.stat(stat)

    def by_tag(self, metric, *tags):
        return {key: int(value.count) for key, value in self.result.metrics.by_tag(metric, *tags).items()}


def write(folder, body, **names):
    """Write a script and its .proto files; `names` stand for themselves in capitals."""
    (folder / "protos").mkdir(exist_ok=True)
    (folder / "protos" / "common.proto").write_text(COMMON)
    (folder / "protos" / "events.proto").write_text(EVENTS)
    path = folder / "script.py"
    given = "".join(f"{name.upper()} = {value!r}\n" for name, value in names.items())
    path.write_text(PREAMBLE + given + "found = []\n" + textwrap.dedent(body))
    return path


def load(folder, body, **names):
    return load_script(write(folder, body, **names))


def run(folder, body, workers=1, **names):
    """Run a script in this process; None of its iterations may raise."""
    ran = run_raising(folder, body, workers, **names)
    assert ran.result.iteration_errors == (), ran.result.iteration_errors
    return ran


def run_raising(folder, body, workers=1, **names):
    path = write(folder, body, **names)
    recipe = partial(script_plan, path, {}, {}, Overrides())
    plan = recipe()
    messages = []
    report = run_plan(plan, RunOptions(messages.append, lambda _: None, workers=workers, recipe=recipe, seed=1))
    found = plan.scenarios[0].function.__globals__.pop("found")  # the script's module stays until the next run's
    return Ran(report.result, found, messages)


def descriptors(path):
    return FileDescriptorSet.FromString(path.read_bytes()).file


def schema_at(path):
    return Schema(descriptors(path), "a test")
