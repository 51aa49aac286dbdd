"""A worker: a process that makes the same plan as the coordinator and carries out its share of the load.

It ends at once when the coordinator is gone. What it prints goes to standard error, as it was started with.
"""

import asyncio
import os
import pickle
import select
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from typing import Any, NoReturn

from surgeline.engine.context import Abort, RunContext, environment
from surgeline.engine.driving import drive
from surgeline.engine.execution import Execution
from surgeline.engine.flows import Flows
from surgeline.engine.iteration_errors import IterationErrors
from surgeline.engine.loop import new_loop
from surgeline.engine.sink import Sink
from surgeline.errors import ExitCode, OptionError, SurgelineError
from surgeline.metrics.registry import Registry, tell_no_one
from surgeline.outputs.samples import DRAIN_SECONDS, log_samples
from surgeline.script.plan import TestPlan
from surgeline.script.vu import Users
from surgeline.workers.hand_over import unpickled
from surgeline.workers.link import Link, receive, send
from surgeline.workers.messages import (
    Aborted,
    Begin,
    BreakOff,
    Declared,
    Done,
    Draining,
    Failed,
    Finishing,
    HandOver,
    Hello,
    Interrupt,
    Notice,
    Ready,
    Steer,
    Steerable,
    Stop,
    Task,
)
from surgeline.workers.reporter import Reporter

_PATIENCE_SECONDS = 3.0
"""How long tasks that a script left behind may take to end; the coordinator waits for nothing but this."""
_PATIENCE_AT_ONCE = 0.3
_COORDINATOR_GONE = 1


def main(descriptor: int) -> None:
    """Do what the coordinator at the other end of a socket says."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it would leave something half told; the coordinator says when to end
    sock = socket.socket(fileno=descriptor)
    threading.Thread(target=_end_with_coordinator, args=(sock,), daemon=True).start()
    with redirect_stdout(sys.stderr), suppress(EOFError):  # what a script prints is no result
        _work(sock)


def _end_with_coordinator(sock: socket.socket) -> None:
    """Wait until the coordinator is gone, whatever the loop is doing."""
    end = select.poll()
    end.register(sock, select.POLLRDHUP)
    end.poll()
    _end()


def _end() -> NoReturn:
    os._exit(_COORDINATOR_GONE)


def _work(sock: socket.socket) -> None:
    hello: Hello = receive(sock)
    sys.path[:] = hello.import_path
    task: Task = pickle.loads(hello.task)  # noqa: S301 - from the process that started this one
    try:
        plan = task.recipe()
        send(sock, Declared(tuple((one.name, one.executor) for one in plan.scenarios)))
        message = receive(sock)
        if not isinstance(message, HandOver):  # the run was stopped before it began
            return
        data = unpickled(message.data)
        environment.set(plan.environment)
        worker = _Worker(task, plan, sock)
        worker.prepare(data)
    except SurgelineError as error:
        send(sock, Failed(error))
        return
    worker.carry_out()


class _Worker:
    """One worker's share of a load."""

    def __init__(self, task: Task, plan: TestPlan, sock: socket.socket) -> None:
        self._task = task
        self._loop, poller = new_loop()
        self._link = Link(self._loop, sock, self._on_message, _end)
        self._context = RunContext(
            self._loop,
            poller,
            Registry(self._notify),
            task.seed,
            plan.tags,
            self._notify,
            task.share,
            controls=_Controls(self._link),
        )
        users = Users(self._loop, self._context, plan.scenarios, plan.http, insecure=task.insecure)
        flows = Flows(self._context, plan.flows, users.of_watcher)
        self._execution = Execution(self._context, plan.scenarios, users.of_scenario, flows)
        self._reporter = Reporter(self._execution, self._link.send)
        self._sinks: list[Sink] = [self._reporter]
        self._broken_off = False
        self._start: asyncio.Future[int] = self._loop.create_future()

    def prepare(self, data: tuple[Any, Sequence[Any]]) -> None:
        """Take over what set-up returned. Raises OptionError when an output cannot be written."""
        self._context.data = data[0]
        for run, its_data in zip(self._execution.runs, data[1], strict=True):
            run.data = its_data
            run.errors = IterationErrors(tell_no_one)  # the coordinator shows the first of each kind
        if self._task.outputs:
            self._join_outputs()

    def carry_out(self) -> None:
        """Say that all is ready, carry out the load, and report."""
        self._link.send(Ready())
        interrupted = drive(self._execution, self._whole(), _PATIENCE_SECONDS, _PATIENCE_AT_ONCE)
        if interrupted and not self._broken_off:
            self._context.end(Abort("The script raised KeyboardInterrupt.", ExitCode.STOPPED_BY_SIGNAL))
        self._tell_of_abort()
        self._execution.finish()
        self._reporter.finish()
        self._finish_outputs()
        missing_parents = self._context.missing_parents.found
        self._link.send(Done(self._execution.health(), self._execution.elapsed_seconds, missing_parents))
        self._link.flush()

    async def _whole(self) -> None:
        start_ns = await self._start
        watch = self._loop.create_task(self._watch_for_abort())
        await self._execution.run(self._sinks, start_ns)
        self._tell_under_way()
        await self._execution.drain(self._tell_under_way)
        watch.cancel()

    def _tell_under_way(self) -> None:
        self._link.send(Draining(self._execution.flows.under_way))

    async def _watch_for_abort(self) -> None:
        await self._context.aborting.wait()
        self._tell_of_abort()

    def _tell_of_abort(self) -> None:
        if self._context.abort is not None:
            self._link.send(Aborted(self._context.abort.reason, self._context.abort.exit_code))

    def _on_message(self, message: object) -> None:
        match message:
            case Begin():
                self._start.set_result(message.start_ns)
            case Stop():
                self._context.stop()
            case Interrupt():
                self._context.stop()
                self._context.aborting.set()
            case BreakOff():
                self._broken_off = True
                raise KeyboardInterrupt  # as if a signal had come, but with nothing half done
            case Steer():
                self._steer(message)

    def _steer(self, message: Steer) -> None:
        """Set what the coordinator has found to be right; the scenario may have ended meanwhile."""
        control = self._context.controls.get(message.scenario)
        if control is None:
            return
        with suppress(OptionError):
            if message.value is None:
                control.stop()
            else:
                control.set(control.kind, message.value)

    def _join_outputs(self) -> None:
        assert self._task.facts is not None, "outputs need the facts of the run"
        facts = replace(self._task.facts, notify=self._notify)
        for output in self._task.outputs:
            output.join(facts)
        log_samples(self._context.registry, self._task.outputs)
        self._sinks += self._task.outputs

    def _finish_outputs(self) -> None:
        if self._task.outputs:
            self._link.send(Finishing(len(self._task.outputs) * DRAIN_SECONDS))
        for output in self._task.outputs:
            output.finish(None)

    def _notify(self, text: str) -> None:
        self._link.send(Notice(text))


class _Controls(dict[str, Any]):
    """Says which scenarios can be steered."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __setitem__(self, name: str, control: Any) -> None:
        super().__setitem__(name, control)
        self._link.send(Steerable(name, there=True))

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._link.send(Steerable(name, there=False))
