"""The load test of the conversations service: five scenarios in one script. `--scenario` says which; else it is smoke.

    surgeline run loadtest.py [--scenario smoke|load|spike|soak|conversation]

From outside: BASE_URL; CHURCH_ID, for users of this church alone; DURATION, where a scenario is to take longer or
shorter than usual; THINK_TIME_SCALE, 0 for no pauses; WARM_UP, when a soak test begins to watch. After seeding with
other numbers than the usual ones: USERS and CHURCHES.
"""

import math
import sys

from surgeline import (
    VU,
    Gauge,
    Response,
    check,
    constant_vus,
    env,
    http_options,
    options,
    ramping_vus,
    scenario,
    shared_iterations,
    teardown,
    thresholds,
    vu_start,
)
from surgeline_systems.conversations.load.accounts import Accounts
from surgeline_systems.conversations.load.limits import OF_A_TALK, OF_A_VISIT, rush, usual_day
from surgeline_systems.conversations.load.measures import Measures
from surgeline_systems.conversations.load.profiles import (
    CONVERSATION,
    LOAD,
    SPIKE,
    lasting,
    spike_of,
    stretched,
)
from surgeline_systems.conversations.load.recovery import Answer, recovery
from surgeline_systems.conversations.load.visits import first_visit, talk, visit
from surgeline_systems.conversations.load.watching import Size, Watch
from surgeline_systems.conversations.load.workflow import User
from surgeline_systems.conversations.seeds import users
from surgeline_systems.durations import seconds_of

BASE_URL = env("BASE_URL", "http://127.0.0.1:3000")
SPIKE_STAGES = stretched(SPIKE)
SPIKE_TIMES = spike_of(SPIKE_STAGES)
SOAK_SECONDS = lasting(300)
# Of 5 minutes the first half a minute: caches and pools fill.
WARM_UP_SECONDS = seconds_of("WARM_UP", env("WARM_UP", f"{SOAK_SECONDS / 10:g}s"))

options(scenario="smoke")
# Shorter than the graceful stop: what hangs is seen as failed, not interrupted.
http_options(timeout="10s")

measures = Measures()
recovery_seconds = Gauge("recovery_seconds", unit="s")
memory_growth = Gauge("service_memory_growth_mb", unit="MB")
connection_growth = Gauge("database_connection_growth", unit="connections")

for name in ("smoke", "load", "soak"):
    thresholds(usual_day(name, OF_A_VISIT))
thresholds(usual_day("conversation", OF_A_TALK))
thresholds(rush("spike", OF_A_VISIT))
thresholds(
    {
        # Where the service did not recover, it is all the time that it was watched.
        "recovery_seconds{scenario:spike}": [f"value<{SPIKE_TIMES.watched:g}"],
        "service_memory_growth_mb{scenario:soak}": ["min>=-50", "max<=50"],
        "database_connection_growth{scenario:soak}": ["max<=0"],
    }
)

accounts = Accounts(users, env("CHURCH_ID", ""))
spike_answers: list[Answer] = []


class Visitor(VU):
    """A virtual user, and the person that it is."""

    user: User
    watch: Watch


def remember(vu: VU, response: Response) -> None:
    """Keep when an answer of the spike came; without stages, as with `--vus`, there is no spike."""
    if vu.scenario == "spike" and vu.stage is not None:
        spike_answers.append(Answer(vu.elapsed, response.timings.duration if response.ok else math.inf))


@vu_start
async def arrive(vu: Visitor) -> None:
    """People log in once, and keep their token."""
    vu.watch = Watch(WARM_UP_SECONDS)
    vu.user = User(vu, accounts.seeded(vu), measures, remember)
    await vu.user.log_in()


@vu_start(scenario="smoke")
async def nobody_yet(_vu: Visitor) -> None:
    """Each iteration registers somebody of its own."""


@scenario(shared_iterations(vus=1, iterations=5), base_url=BASE_URL)
async def smoke(vu: Visitor) -> None:
    """Does everything work?"""
    await first_visit(vu, User(vu, accounts.new(vu), measures))


@scenario(ramping_vus(start_vus=0, stages=stretched(LOAD)), base_url=BASE_URL)
async def load(vu: Visitor) -> None:
    """A usual day."""
    await visit(vu, vu.user)


@scenario(ramping_vus(start_vus=1, stages=SPIKE_STAGES), base_url=BASE_URL)
async def spike(vu: Visitor) -> None:
    """Sunday morning: everybody at once."""
    await visit(vu, vu.user)


@scenario(constant_vus(vus=5, duration=SOAK_SECONDS), base_url=BASE_URL)
async def soak(vu: Visitor) -> None:
    """For long: the first user also looks at what the service says of itself."""
    if vu.number == 1:
        await look_after(vu)
    await visit(vu, vu.user)


@scenario(ramping_vus(start_vus=0, stages=stretched(CONVERSATION)), base_url=BASE_URL)
async def conversation(vu: Visitor) -> None:
    """Reading and replying, the way that most users take."""
    await talk(vu, vu.user)


async def look_after(vu: Visitor) -> None:
    """Record how much the service has grown."""
    health = await vu.http.get("/api/health", name="health", tags={"endpoint": "health"})
    told = health.json() if health.ok else {}
    if not check(told, {"health: tells its size": {"memoryBytes", "databaseConnections"} <= told.keys()}):
        return
    growth = vu.watch.growth(vu.elapsed, Size(told["memoryBytes"], told["databaseConnections"]))
    if growth is not None:
        memory_growth.add(growth.memory_mb)
        connection_growth.add(growth.connections)


@teardown(scenario="spike")
def tell_recovery() -> None:
    """Say how long it took, and record it."""
    found = recovery(spike_answers, SPIKE_TIMES)
    if found is None:
        tell("recovery: not measured. It takes answers before and after a spike, and a single worker")
        return
    recovery_seconds.add(found.seconds)
    how = f"{found.seconds:g} s after the load began to fall" if found.recovered else f"not in {found.seconds:g} s"
    tell(f"recovery: {how}. p95 before {found.before_ms:.0f} ms, as quick as before up to {found.limit_ms:.0f} ms")


def tell(text: str) -> None:
    """What a script says goes to standard error."""
    print(text, file=sys.stderr)  # noqa: T201
