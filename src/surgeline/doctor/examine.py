"""Makes all checks of a plan, those that take time side by side. The only module here that knows the others."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from surgeline.doctor.asking import ask
from surgeline.doctor.clock import clock_findings, reading_ns
from surgeline.doctor.control import control_findings
from surgeline.doctor.cores import Service, core_findings
from surgeline.doctor.descriptors import descriptor_findings
from surgeline.doctor.draws import draw_findings
from surgeline.doctor.limits import demand_of, longest_ns
from surgeline.doctor.listeners import listening, processes_of
from surgeline.doctor.origins import Origin, origins_of
from surgeline.doctor.pools import pool_findings, tables_of, too_slow
from surgeline.doctor.ports import port_findings
from surgeline.doctor.service import Answer, service_findings
from surgeline.doctor.side_by_side import side_by_side
from surgeline.doctor.system import all_cores, clock_source, cores_of, descriptor_limits, local_ports
from surgeline.doctor.tokens import Span, token_findings
from surgeline.protocols.http.addresses import local_addresses
from surgeline.protocols.http.options import HttpOptions
from surgeline.report.doctor import Diagnosis, Finding, Level
from surgeline.script.options import RunSettings
from surgeline.script.plan import TestPlan

LIMIT_SECONDS = 5.0
"""How long a check may take."""
_ASK_SECONDS = 4.5
"""A little less, so that an origin that says nothing is told apart from a name that is not found."""
_POOLS = "pools"


def examine(plan: TestPlan, settings: RunSettings, database: str | None, now: datetime) -> Diagnosis:
    """Return what would make a run of the plan fail that begins `now`. `database` is the URL of the pools' tables."""
    started = time.monotonic()
    cost_ns = reading_ns()  # before there are threads that disturb it
    origins, tables = origins_of(plan), tables_of(plan)
    http = plan.http.insecure() if settings.insecure else plan.http
    calls: dict[Any, Callable[[], Any]] = {origin: partial(_answer, origin, http) for origin in origins}
    calls[_POOLS] = partial(pool_findings, tables, database)
    ended: Mapping[Any, Any] = side_by_side(calls, LIMIT_SECONDS)
    answers: dict[Origin, Answer | None] = {origin: ended[origin] for origin in origins}
    of_pools: list[Finding] | None = ended[_POOLS]
    findings = [
        *service_findings(answers, LIMIT_SECONDS),
        *control_findings(settings.control),
        *(too_slow(LIMIT_SECONDS) if of_pools is None else of_pools),
        *draw_findings(plan),
        *token_findings(plan, span_of(plan, now)),
        *_of_limits(plan, settings, origins, answers),
        *clock_findings(clock_source(), cost_ns),
        *core_findings(cores_of(), settings.workers, _services(answers), plan.title),
    ]
    return Diagnosis(
        script=plan.title,
        ok=all(finding.level is not Level.FAILURE for finding in findings),
        seconds=time.monotonic() - started,
        limit_seconds=LIMIT_SECONDS,
        findings=tuple(findings),
    )


def span_of(plan: TestPlan, now: datetime) -> Span:
    """Return how long a run of the plan lasts that begins `now`."""
    planned = [one.start_ns + one.executor.planned_ns for one in plan.scenarios if one.executor.planned_ns is not None]
    longest = [longest_ns(one.executor) for one in plan.scenarios]
    latest = [one.start_ns + ns for one, ns in zip(plan.scenarios, longest, strict=True) if ns is not None]
    return Span(
        now,
        _after(now, max(planned)) if planned else None,
        _after(now, max(latest)) if len(latest) == len(plan.scenarios) else None,
    )


def _after(now: datetime, nanoseconds: int) -> datetime:
    return now + timedelta(microseconds=nanoseconds // 1_000)


def _answer(origin: Origin, http: HttpOptions) -> Answer:
    asked = ask(origin, http, _ASK_SECONDS)
    if not asked.is_here or asked.address is None:
        return Answer(asked)
    sockets = listening(asked.address, asked.port)
    return Answer(asked, sockets, processes_of(sockets))


def _of_limits(
    plan: TestPlan, settings: RunSettings, origins: Sequence[Origin], answers: Mapping[Origin, Answer | None]
) -> list[Finding]:
    demand = demand_of(plan, len(origins))
    workers = min(settings.workers, max(1, demand.most_users))
    addresses = max(1, len(local_addresses(plan.http.local_addresses)))
    all_here = bool(answers) and all(one is not None and one.asked.is_here for one in answers.values())
    return [
        *descriptor_findings(demand, workers, *descriptor_limits()),
        *port_findings(demand, local_ports(), addresses, all_here=all_here),
    ]


def _services(answers: Mapping[Origin, Answer | None]) -> list[Service]:
    """Return the services of this machine, each listener once."""
    found: dict[str, Service] = {}
    for answer in answers.values():
        if answer is not None and answer.sockets:
            pids = [process.pid for process in answer.processes]
            cores = frozenset[int]().union(*map(cores_of, pids)) if pids else all_cores()
            found.setdefault(answer.listener, Service(answer.listener, pids, cores))
    return list(found.values())
