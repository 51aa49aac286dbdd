"""The performance test: `WRITES` messages and `READS` lists a second for `DURATION`, by `WORKERS` users.

    surgeline run performance.py -e WRITES=3000 -e READS=6000 -e DURATION=60s -e WORKERS=50

Users are signed up or in first; for `WARM_UP` the load rises, and that does not count; then it is as it was asked for.
Of the reads, half ask for the newest chats of an application, half for the newest messages of a chat. Every message
that was accepted is looked for in the database.
"""

import math
import sys
from collections.abc import Sequence

from surgeline import (
    VU,
    Flow,
    HTTPError,
    Response,
    Results,
    SurgelineError,
    abort,
    constant_arrival_rate,
    env,
    http_options,
    options,
    per_vu_iterations,
    ramping_arrival_rate,
    scenario,
    setup,
    summary,
    teardown,
    thresholds,
    vu_start,
)
from surgeline_systems.chat.load.following import Following
from surgeline_systems.chat.load.people import API, Chat, Person, ready_people
from surgeline_systems.chat.load.places import places
from surgeline_systems.chat.load.progress import Progress
from surgeline_systems.chat.load.tables import Part, tables
from surgeline_systems.chat.load.watching import watch_all
from surgeline_systems.durations import seconds_of

WRITES, READS, WORKERS = env("WRITES", 5_000), env("READS", 10_000), env("WORKERS", 100)
DURATION, WARM_UP = (seconds_of(name, env(name, usual)) for name, usual in (("DURATION", "30s"), ("WARM_UP", "5s")))
PLACES = places()
TELL_SECONDS = 5
WORDS = "a message that is as long as most of those that people write to one another while they chat"

options(setup_timeout="5m")
http_options(timeout="10s")
thresholds(
    {
        "http_req_failed{load:writes}": "rate<0.05",
        "http_req_failed{load:reads}": "rate<0.05",
        "iterations{scenario:writes}": "rate>=0.5 of target",
        "iterations{scenario:reads}": "rate>=0.5 of target",
        "flow_lost{flow:accepted_to_written}": "count<1",
    }
)

following = Following(PLACES.database)
flow = Flow("accepted_to_written", timeout="30s")
told = Progress()
followed: set[str] = set()


class User(VU):
    """A virtual user, and the person that it is."""

    person: Person


writing, reading = (
    constant_arrival_rate(rate=rate, duration=DURATION, pre_allocated_vus=WORKERS, max_vus=WORKERS)
    for rate in (WRITES, READS)
)
lines = math.ceil(DURATION / TELL_SECONDS)
rising = [(WARM_UP, WRITES + READS)]


@setup
async def set_up(vu: VU) -> Sequence[Person]:
    """Users that are signed in, with their chats."""
    try:
        return await ready_people(vu, WORKERS, following, tell)
    except (HTTPError, SurgelineError) as error:
        abort(str(error))


@vu_start
async def arrive(vu: User) -> None:
    """Be one of them, and open a connection."""
    vu.person = vu.data[(vu.number - 1) % len(vu.data)]
    known = await vu.http.get(f"{API}/sessions", headers=vu.person.headers, name="arrive")
    known.raise_for_status()
    vu.tags["load"] = vu.scenario  # from now on: arriving is no part of it


@vu_start(scenario="writes")
async def arrive_to_write(vu: User) -> None:
    """The same, and have what is written followed: by the process that writes it."""
    await arrive(vu)
    followed.update(str(chat.id) for chat in vu.person.chats)
    await following.open()


@vu_start(scenario="progress")
async def arrive_to_tell() -> None:
    """Nobody in particular."""


if WARM_UP:

    @scenario(ramping_arrival_rate(stages=rising, pre_allocated_vus=WORKERS, max_vus=WORKERS), base_url=PLACES.service)
    async def warm_up(vu: User) -> None:
        """The same mixture at a rising rate: connections, pools and caches fill."""
        if vu.random.random() < WRITES / (WRITES + READS):
            await write(vu, vu.person.warm_up)
        else:
            await read(vu)


@scenario(writing, start_time=WARM_UP, base_url=PLACES.service)
async def writes(vu: User) -> None:
    """A message to a chat of one's own."""
    chat = vu.random.choice(vu.person.chats)
    answer = await write(vu, chat)
    if answer.ok:
        flow.started(f"{chat.id}:{answer.json()['number']}")
        told.writes += 1


@scenario(reading, start_time=WARM_UP, base_url=PLACES.service)
async def reads(vu: User) -> None:
    """A list of chats, or one of messages."""
    answer = await read(vu)
    if answer.ok:
        told.reads += 1


@scenario(per_vu_iterations(vus=1, iterations=lines, max_duration=DURATION + TELL_SECONDS), start_time=WARM_UP)
async def progress(vu: VU) -> None:
    """Say how it goes."""
    due = min((vu.iteration + 1) * TELL_SECONDS, DURATION)
    await vu.sleep(max(0, WARM_UP + due - vu.elapsed))
    tell(told.line(due))


async def write(vu: User, chat: Chat) -> Response:
    """Write a message."""
    headers = vu.person.headers
    return await vu.http.post(chat.messages, json={"body": WORDS}, headers=headers, expect=201, name="write message")


async def read(vu: User) -> Response:
    """Ask for the newest chats, or for the newest messages."""
    person = vu.person
    if vu.random.random() < 0.5:
        return await vu.http.get(person.chats_path, headers=person.headers, name="list chats")
    return await vu.http.get(vu.random.choice(person.chats).messages, headers=person.headers, name="list messages")


@flow.watch(every="200ms")
async def written(_vu: VU, waiting: Sequence[str]) -> Sequence[str]:
    """What is in the database by now, of the chats that are written to from here."""
    return [key for key in await following.written(waiting) if key.partition(":")[0] in followed]


@teardown
async def stop_following() -> None:
    """Let the database go."""
    await following.close()


@summary
def both_tables(results: Results) -> str:
    """What came of writes, and of reads."""
    return tables([Part("writes", WRITES), Part("reads", READS)], DURATION, results.value, results.verdict)


watch_all(PLACES, duration=DURATION, start_time=WARM_UP)


def tell(text: str) -> None:
    """What a script says goes to standard error."""
    print(text, file=sys.stderr)  # noqa: T201
