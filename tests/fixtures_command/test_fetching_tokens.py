"""Tokens for all users: how often, how many at once, how fast, and when it is given up. Time is made up."""

import threading
from collections import Counter, defaultdict
from itertools import count, pairwise

import pytest
from oauth_server import users

from surgeline.errors import OptionError
from surgeline.fixtures.collecting import GIVE_UP_AFTER, Fetched
from surgeline.fixtures.fetching import FIRST_PAUSE, LONGEST_PAUSE, MOST_TRIES, fetch
from surgeline.fixtures.oauth import Blame, Refusal
from surgeline.fixtures.pace import Pace
from surgeline.fixtures.tokens import Token


class MadeUpClock:
    """Nobody waits; what is waited for has passed."""

    def __init__(self):
        self.time = 1_000.0
        self.waits = []
        self._lock = threading.Lock()

    def now(self):
        return self.time

    def wall(self):
        return 1_800_000_000 + self.time

    def wait(self, seconds, stopped):
        with self._lock:
            self.waits.append(seconds)
            self.time += seconds


class Client:
    """Answers by what a test says of the user and how often it was asked."""

    def __init__(self, world):
        self.world = world

    def ask(self, user, wall):
        return self.world.answer(user["id"], wall)

    def close(self):
        self.world.closed += 1


class WatchedPace(Pace):
    """Knows until when everybody was to wait."""

    def __init__(self, interval):
        super().__init__(interval)
        self.held = []

    def hold(self, until):
        self.held.append(until)
        super().hold(until)


class World:
    def __init__(self, script=None):
        self.clock = MadeUpClock()
        self.script = script or {}
        self.asked = defaultdict(list)
        self.closed = 0
        self.outcomes = []
        self.lock = threading.Lock()

    def answer(self, user_id, wall):
        with self.lock:
            self.asked[user_id].append(self.clock.now())
            tries = len(self.asked[user_id])
        script = self.script.get(user_id, [])
        return script[tries - 1] if tries <= len(script) else Token(user_id, f"t{tries}", None)

    @property
    def times(self):
        return sorted(time for times in self.asked.values() for time in times)

    def fetch(self, how_many, concurrency=1, interval=0.02):
        def take(outcome):
            self.outcomes.append(outcome)
            return True

        self.pace = WatchedPace(interval)
        fetch(users(how_many), lambda: Client(self), concurrency, self.pace, take, self.clock)
        return self


def busy(user, **more):
    return Refusal(f"id-{user}", "500", Blame.SERVER, **more)


def test_every_user_gets_one_token_whoever_asks():
    for concurrency in (1, 3, 20):
        world = World().fetch(100, concurrency)
        assert Counter(outcome.user_id for outcome in world.outcomes) == Counter(user["id"] for user in users(100))
        assert world.closed == concurrency


def test_no_more_a_second_than_was_said():
    world = World().fetch(101, interval=0.02)
    assert world.times[-1] - world.times[0] == pytest.approx(100 * 0.02)
    assert min(later - earlier for earlier, later in pairwise(world.times)) == pytest.approx(0.02)


def test_a_server_that_fails_is_asked_again_later_and_later():
    world = World({"id-0": [busy(0)] * 3}).fetch(1)
    assert world.outcomes == [Token("id-0", "t4", None)]
    waits = [later - earlier for earlier, later in pairwise(world.asked["id-0"])]
    assert waits == pytest.approx([FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE])
    assert world.pace.held == []


def test_a_server_that_goes_on_failing_is_asked_no_more():
    world = World({"id-0": [busy(0)] * 100}).fetch(2)
    assert world.outcomes == [busy(0), Token("id-1", "t1", None)]
    assert len(world.asked["id-0"]) == MOST_TRIES


def test_what_is_the_users_fault_is_not_asked_again():
    refusal = Refusal("id-0", "400 invalid_grant", Blame.USER)
    world = World({"id-0": [refusal]}).fetch(2)
    assert world.outcomes[0] == refusal
    assert len(world.asked["id-0"]) == 1


@pytest.mark.parametrize("kind", ["429", "503"])
def test_a_server_that_says_how_long_is_obeyed_by_everybody(kind):
    told = Refusal("id-3", kind, Blame.SERVER, retry_after=30.0)
    world = World({"id-3": [told]}).fetch(10)
    assert len(world.outcomes) == 10
    (first, _) = world.asked["id-3"]
    assert world.pace.held == [first + 30.0]
    assert not [time for time in world.times if first < time < first + 30.0]


def test_too_many_without_a_time_slows_everybody_too():
    world = World({"id-3": [Refusal("id-3", "429 slow_down", Blame.SERVER)] * 2}).fetch(10, concurrency=4)
    assert all(isinstance(outcome, Token) for outcome in world.outcomes)
    assert len(world.asked["id-3"]) == 3
    assert len(world.pace.held) == 2


def test_a_server_that_asks_for_too_long_is_not_waited_for():
    told = busy(0, retry_after=LONGEST_PAUSE + 1)
    world = World({"id-0": [told]}).fetch(2)
    assert world.outcomes[0] == told
    assert world.clock.time < 1_000 + LONGEST_PAUSE


def test_it_ends_when_it_is_told_to():
    world = World()
    endless = ({"id": f"id-{number}"} for number in count())
    fetch(endless, lambda: Client(world), 4, Pace(0.02), lambda outcome: False, world.clock)
    assert world.closed == 4


@pytest.mark.parametrize("error", [OptionError("a user without a name"), ZeroDivisionError()])
def test_what_goes_wrong_in_a_thread_is_raised_here(error):
    world = World()

    def fails(user_id, wall):
        raise error

    world.answer = fails
    with pytest.raises(type(error)):
        world.fetch(100, concurrency=4)


def test_what_was_under_way_at_an_interrupt_is_handed_over():
    world, under_way, go_on = World(), threading.Event(), threading.Event()
    answer = world.answer

    def waits(user_id, wall):
        if user_id == "id-1":
            under_way.set()
            go_on.wait(60)
        return answer(user_id, wall)

    def take(outcome):
        world.outcomes.append(outcome)
        if len(world.outcomes) == 1:
            under_way.wait(60)
            go_on.set()
            raise KeyboardInterrupt
        return True

    world.answer = waits
    with pytest.raises(KeyboardInterrupt):
        fetch(users(2), lambda: Client(world), 2, Pace(0.0), take, world.clock)
    assert {outcome.user_id for outcome in world.outcomes} == {"id-0", "id-1"}


def test_it_is_given_up_when_the_server_fails_user_after_user():
    fetched = Fetched()
    for _ in range(3):
        for number in range(GIVE_UP_AFTER - 1):
            fetched.add(busy(number))
        fetched.add(Token("id", "t", None))
    fetched.add(Refusal("id", "400", Blame.USER))
    assert fetched.ended_early is None
    for number in range(GIVE_UP_AFTER):
        assert fetched.ended_early is None
        fetched.add(busy(number))
    assert fetched.ended_early == busy(GIVE_UP_AFTER - 1)


def test_wrong_users_alone_do_not_end_it():
    fetched = Fetched()
    for number in range(1_000):
        fetched.add(Refusal(str(number), "400 invalid_grant", Blame.USER))
    assert fetched.ended_early is None


def test_a_refused_client_ends_it_at_once():
    fetched = Fetched()
    fetched.add(Refusal("id", "401 invalid_client", Blame.CLIENT))
    assert fetched.ended_early is not None


def test_refusals_are_told_by_kind():
    fetched = Fetched()
    for number, kind in enumerate("abbcbb"):
        fetched.add(Refusal(str(number), kind, Blame.USER))
    assert [[one.user_id for one in group] for group in fetched.kinds()] == [["1", "2", "4", "5"], ["0"], ["3"]]
