"""Virtual users who wait to be called: for executors that decide when an iteration starts, and not who runs it."""

from functools import partial

from surgeline._native.poller import Alarm, Completion, now_ns
from surgeline.engine.executors.ending import until_over
from surgeline.engine.executors.wording import count_of
from surgeline.engine.scenario import Crew, ScenarioRun
from surgeline.engine.vu import VirtualUser

BATCH_NS = 10_000_000
"""How long the loop's other work waits, at most, for starts that are overdue."""
READY_SECONDS = 60.0
"""How long the schedule waits for the users that are there from the beginning."""
_NO_MORE = -1


class OnCall:
    """The users of one scenario, made when they are needed, at most `max_vus` over all workers.

    An idle user waits at a gate that wakes its task directly; one whose `vu_start` is under way is not idle. A start
    for which there is no user is dropped.
    """

    def __init__(self, run: ScenarioRun, crew: Crew, max_vus: int) -> None:
        self._run = run
        self._crew = crew
        self._max_vus = max_vus
        self._own_max = run.context.share.count(max_vus)
        self._idle: list[Completion[int]] = []
        self._getting_ready: set[VirtualUser] = set()
        self._all_ready: Completion[None] = Completion(run.context.poller)
        self._over = False
        self._warned = False

    async def hire(self, count: int) -> None:
        """Make users who wait; return when each is ready or gone, after `READY_SECONDS`, or at a stop."""
        users = [self._run.new_user() for _ in range(count)]
        self._getting_ready.update(users)
        for user in users:
            task = self._crew.add(user, partial(self._serve, user))
            task.add_done_callback(lambda _, user=user: self._note_ready(user))  # type: ignore[misc]
        if users:
            await self._until_ready()

    async def _until_ready(self) -> None:
        enough = Alarm(self._run.context.poller, lambda _now: self._all_ready.set_result(None))
        enough.set(now_ns() + round(READY_SECONDS * 1e9))
        try:
            await until_over(self._run, self._all_ready)
        finally:
            enough.cancel()
        if self._getting_ready and not self._run.stopping:
            self._run.context.notify(
                f"{self._run.name}: {count_of(len(self._getting_ready), 'virtual user')} did not come to the end of "
                f"@vu_start within {READY_SECONDS:g} s, so the load begins without them."
            )

    def start(self, intended_ns: int) -> None:
        """Let a user start at once, for the time at which that was intended; or drop it."""
        while self._idle:
            gate = self._idle.pop()
            if not gate.done():  # a script may have cancelled the task that waits there
                gate.set_result(intended_ns)
                return
        if len(self._run.users) < self._own_max:
            user = self._run.new_user()
            self._crew.add(user, partial(self._begin, user, intended_ns))
        else:
            self._run.drop()
            self._warn()

    def dismiss(self) -> None:
        """Let nobody start any more."""
        self._over = True
        for gate in self._idle:
            gate.set_result(_NO_MORE)

    async def _begin(self, user: VirtualUser, intended_ns: int) -> None:
        """Be the user who was made for a start: the time that its `vu_start` took makes it late."""
        await self._run.once(user, intended_ns)
        await self._serve(user)

    async def _serve(self, user: VirtualUser) -> None:
        """Wait for a start, and for the next; the gate says when, and at the end that there is none."""
        while not self._over:
            # The last to come free is the first to be used again: its connection is the warmest.
            gate: Completion[int] = Completion(self._run.context.poller)
            self._idle.append(gate)
            self._note_ready(user)
            intended_ns = await gate
            if intended_ns != _NO_MORE:
                await self._run.once(user, intended_ns)

    def _note_ready(self, user: VirtualUser) -> None:
        """Let the schedule begin when this was the last one."""
        self._getting_ready.discard(user)
        if not self._getting_ready:
            self._all_ready.set_result(None)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            self._run.context.notify(
                f"{self._run.scenario.name}: all {count_of(self._max_vus, 'virtual user')} are busy, so iterations are "
                "dropped. The system is slower than the rate needs; raise max_vus to let more wait at once."
            )
