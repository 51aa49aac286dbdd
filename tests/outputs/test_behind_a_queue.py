"""Work behind a queue: it never holds up who puts, and what is not done is counted to the last item."""

import threading

from surgeline.outputs.behind_a_queue import BehindAQueue, politely


def work_behind(work, capacity=10):
    messages = []
    return BehindAQueue("csv=out.csv", "samples", work, messages.append, capacity), messages


def test_all_is_done_in_order_and_nothing_is_said():
    done = []
    queue, messages = work_behind(done.append, capacity=1_000)
    for number in range(500):
        assert queue.put(number)

    assert queue.close()
    assert done == list(range(500))
    assert messages == []


def test_what_does_not_fit_is_left_out_said_at_once_and_counted():
    begun, go_on = threading.Event(), threading.Event()
    done = []

    def work(item):
        begun.set()
        go_on.wait(60)
        done.append(item)

    queue, messages = work_behind(work, capacity=10)
    assert queue.put("first", 4)
    assert begun.wait(60)
    assert queue.put("second", 6)
    assert queue.waiting == 10
    assert not queue.put("third", 1)
    assert messages == ["csv=out.csv: cannot keep up with the load; samples are left out and counted."]
    assert not queue.put("fourth", 8)
    go_on.set()

    assert not queue.close()
    assert done == ["first", "second"]
    assert messages[1:] == ["csv=out.csv: 9 of 19 samples were left out."]


def test_an_item_larger_than_the_queue_is_taken_when_nothing_waits():
    done = []
    queue, messages = work_behind(done.append, capacity=10)

    assert queue.put("large", 1_000)
    assert queue.close()
    assert (done, messages) == (["large"], [])


def test_work_that_raises_is_said_once_and_the_rest_is_counted():
    def work(item):
        if item == 2:
            raise OSError(28, "No space left on device")

    queue, messages = work_behind(work, capacity=100)
    for number in range(5):
        queue.put(number, 10)

    assert not queue.close()
    assert messages == [
        "csv=out.csv: No space left on device; nothing more is written to it.",
        "csv=out.csv: 30 of 50 samples were left out.",
    ]


def test_a_defect_is_named_by_its_type():
    def work(_item):
        raise ValueError

    queue, messages = work_behind(work)
    queue.put(1)

    assert not queue.close()
    assert messages[0] == "csv=out.csv: ValueError; nothing more is written to it."


def test_work_that_hangs_is_given_up_and_what_it_held_is_counted():
    go_on = threading.Event()
    queue, messages = work_behind(lambda _item: go_on.wait(30))
    queue.put("hangs", 3)
    queue.put("waits", 2)

    assert not queue.close(patience=0.05)
    assert messages == ["csv=out.csv: 5 of 5 samples were left out."]
    go_on.set()


def test_politely_changes_nothing():
    assert list(politely(range(1_234))) == list(range(1_234))
