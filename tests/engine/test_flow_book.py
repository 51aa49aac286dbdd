"""The book-keeping of a flow in virtual time: whatever is told in whatever order, every key has one end."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from surgeline.engine import flow_book
from surgeline.engine.flow_book import FlowBook, Outcome

TIMEOUT = 100
ENDS = (Outcome.ARRIVED, Outcome.LATE, Outcome.LOST, Outcome.CANCELLED, Outcome.OPEN)
ARRIVALS = (Outcome.ARRIVED, Outcome.LATE, Outcome.DUPLICATE, Outcome.UNKNOWN)


class Kept:
    """A book, and what it counted and measured."""

    def __init__(self, timeout=TIMEOUT):
        self.counts = Counter()
        self.times = []
        self.book = FlowBook(timeout, self.count, self.times.append)

    def count(self, outcome, number):
        self.counts[outcome] += number

    def __getitem__(self, outcome):
        return self.counts[outcome]

    def none_but(self, **counts):
        found = {outcome.name.lower(): number for outcome, number in self.counts.items() if number}
        return found == counts


@pytest.fixture
def kept():
    return Kept()


def test_what_arrives_within_the_timeout_has_arrived_and_its_time_is_recorded(kept):
    kept.book.start("a", 1_000)
    kept.book.start("b", 1_010)
    kept.book.arrive("b", 1_050)
    kept.book.arrive("a", 1_100)  # exactly the timeout
    kept.book.close(2_000)

    assert kept.none_but(started=2, arrived=2)
    assert kept.times == [40, 100]


def test_what_arrives_after_the_timeout_is_late_and_has_a_time_too(kept):
    kept.book.start("a", 0)
    kept.book.start("b", 0)
    kept.book.arrive("a", 101)
    assert kept.book.under_way(5_000) == 0
    kept.book.arrive("b", 9_000)

    assert kept.none_but(started=2, late=2)
    assert kept.times == [101, 9_000]


def test_what_never_arrives_is_lost_and_what_had_not_its_time_is_open(kept):
    kept.book.start("lost", 0)
    kept.book.start("had its time", 900)
    kept.book.start("open", 901)
    kept.book.close(1_000)

    assert kept.none_but(started=3, lost=2, open=1)
    assert kept.book.closed


def test_what_arrives_again_is_a_duplicate_and_what_was_never_started_is_unknown(kept):
    kept.book.start("a", 0)
    kept.book.arrive("a", 10)
    kept.book.arrive("a", 11)
    kept.book.arrive("a", 500)
    kept.book.arrive("stranger", 20)
    kept.book.arrive("stranger", 21)
    kept.book.close(1_000)

    assert kept.none_but(started=1, arrived=1, duplicate=3, unknown=1)


def test_an_arrival_may_be_told_before_the_start(kept):
    kept.book.arrive("a", 50)
    kept.book.start("a", 20)
    kept.book.arrive("clocks", 60)
    kept.book.start("clocks", 70)
    kept.book.arrive("a", 80)
    kept.book.close(1_000)

    assert kept.none_but(started=2, arrived=2, duplicate=1)
    assert kept.times == [30, 0]


def test_what_is_cancelled_is_neither_lost_nor_there(kept):
    kept.book.start("a", 0)
    kept.book.cancel("a")
    kept.book.cancel("a")
    kept.book.cancel("stranger")
    kept.book.start("a", 10)
    kept.book.arrive("a", 20)
    kept.book.cancel("a")
    kept.book.close(1_000)

    assert kept.none_but(started=2, cancelled=1, arrived=1)


def test_a_key_starts_again_when_it_is_there_or_overdue_and_not_before(kept):
    kept.book.start("a", 0)
    with pytest.raises(ValueError, match="expected a key that is not under way, found 'a' a second time"):
        kept.book.start("a", 100)
    kept.book.start("a", 101)  # the first is lost
    kept.book.arrive("a", 111)
    kept.book.start("a", 120)
    kept.book.arrive("a", 121)

    assert kept.none_but(started=3, lost=1, arrived=2)
    assert kept.times == [10, 1]


def test_keys_to_look_for_are_the_oldest_first_and_the_overdue_take_turns(kept):
    for number in range(10):
        kept.book.start(number, number * 20)

    assert kept.book.keys(200, most_overdue=3) == [0, 1, 2, 5, 6, 7, 8, 9]
    assert kept.book.keys(200, most_overdue=3) == [3, 4, 0, 5, 6, 7, 8, 9]
    assert kept.book.under_way(200) == 5


def test_memory_is_bounded(kept, monkeypatch):
    for name in ("MOST_OVERDUE", "MOST_ARRIVED", "MOST_EARLY"):
        monkeypatch.setattr(flow_book, name, 2)
    for number in range(5):
        kept.book.start(number, 0)
    assert kept.book.under_way(101) == 0
    assert kept[Outcome.LOST] == 3  # the first to be overdue
    for number in range(5):
        kept.book.start(f"b{number}", 200)
        kept.book.arrive(f"b{number}", 201)
    kept.book.arrive("b4", 202)
    kept.book.arrive("b0", 202)  # is known no more
    for number in range(3):
        kept.book.arrive(f"stranger {number}", 300)
    assert kept[Outcome.UNKNOWN] == 2
    kept.book.close(1_000)

    assert kept.none_but(started=10, arrived=5, lost=5, duplicate=1, unknown=4)


STEPS = st.lists(
    st.tuples(st.sampled_from(["start", "arrive", "cancel", "look"]), st.integers(0, 5), st.integers(0, 60)),
    max_size=60,
)


@given(STEPS, st.integers(0, 300), st.booleans())
def test_the_account_is_exact_whatever_is_told(steps, rest, bounded):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MOST_OVERDUE", "MOST_ARRIVED", "MOST_EARLY") if bounded else ():
            patch.setattr(flow_book, name, 1)
        kept, now, told = Kept(), 0, Counter()
        for step, key, passed in steps:
            now += passed
            told[step] += take(kept.book, step, key, now)
        kept.book.close(now + rest)

    assert kept[Outcome.STARTED] == told["start"] == sum(kept[outcome] for outcome in ENDS)
    assert told["arrive"] == sum(kept[outcome] for outcome in ARRIVALS)
    assert len(kept.times) == kept[Outcome.ARRIVED] + kept[Outcome.LATE]
    assert sum(time <= TIMEOUT for time in kept.times) == kept[Outcome.ARRIVED]


def take(book, step, key, now):
    """Take a step; return whether it was taken."""
    match step:
        case "start":
            try:
                book.start(key, now)
            except ValueError:
                return 0
        case "arrive":
            book.arrive(key, now)
        case "cancel":
            book.cancel(key)
        case "look":
            assert len(book.keys(now)) >= book.under_way(now)
    return 1


class BesideAModel(RuleBasedStateMachine):
    """Keys that are each started once, beside a model that keeps all of them for ever."""

    @initialize()
    def begin(self):
        self.kept, self.now = Kept(), 0
        self.started, self.arrived, self.cancelled = {}, {}, set()
        self.again = 0

    @rule(passed=st.integers(0, 150))
    def wait(self, passed):
        self.now += passed

    @rule(before=st.integers(0, 50))
    def start(self, before):
        key = len(self.started)
        self.started[key] = max(0, self.now - before)
        self.kept.book.start(key, self.started[key])

    @rule(number=st.integers(0, 20))
    def arrive(self, number):
        if number in self.cancelled or number >= len(self.started):
            return
        self.kept.book.arrive(number, self.now)
        if number in self.arrived:
            self.again += 1
        self.arrived.setdefault(number, self.now)

    @rule(number=st.integers(0, 20))
    def cancel(self, number):
        self.kept.book.cancel(number)
        if number < len(self.started) and number not in self.arrived:
            self.cancelled.add(number)

    @rule()
    def look(self):
        keys = self.kept.book.keys(self.now)
        assert set(keys) == self.started.keys() - self.arrived.keys() - self.cancelled

    @invariant()
    def counts_are_those_of_the_model(self):
        took = [at - self.started[key] for key, at in self.arrived.items()]
        on_time = sum(time <= TIMEOUT for time in took)
        expected = {
            "started": len(self.started),
            "arrived": on_time,
            "late": len(took) - on_time,
            "cancelled": len(self.cancelled),
            "duplicate": self.again,
        }
        assert self.kept.none_but(**{name: number for name, number in expected.items() if number})
        assert sorted(self.kept.times) == sorted(took)


TestBesideAModel = BesideAModel.TestCase
