"""A small queue that delivers what it is given: some late, some twice, some never. It keeps its own account.

A protocol of lines: `send N` is answered `ok` or `no`; `feed` is answered with ids as they are delivered; `there N ...`
with those that have been.
"""

import asyncio
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

SOON, LATE = 0.05, 1.3
MOST_LATE_ID = 10
"""Ids up to here may be delivered late: they are sent early, so that the drain still sees them."""


def fate(number):
    if number % 10 == 3:
        return "refused"
    if number % 10 == 4:
        return "lost"
    if number % 10 == 5:
        return "twice"
    return "late" if number <= MOST_LATE_ID and number % 5 == 2 else "once"


@dataclass
class Queue:
    counts: Counter = field(default_factory=Counter)
    delivered: list = field(default_factory=list)
    feeds: list = field(default_factory=list)
    tasks: set = field(default_factory=set)
    port: int = 0

    async def serve(self, reader, writer):
        async for line in reader:
            word, *numbers = line.decode().split()
            if word == "send":
                writer.write(self.accept(int(numbers[0])))
            elif word == "feed":
                self.feeds.append(writer)
            else:
                there = set(self.delivered)
                writer.write(" ".join(number for number in numbers if int(number) in there).encode() + b"\n")
        writer.close()

    def accept(self, number):
        what = fate(number)
        self.counts[what] += 1
        if what == "refused":
            return b"no\n"
        task = asyncio.create_task(self.deliver(number, what))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return b"ok\n"

    async def deliver(self, number, what):
        if what == "lost":
            return
        await asyncio.sleep(LATE if what == "late" else SOON)
        for _ in range(2 if what == "twice" else 1):
            self.delivered.append(number)
            for feed in self.feeds:
                feed.write(f"{number}\n".encode())


@contextmanager
def running_queue():
    """A queue on a port of its own, in a thread of its own."""
    queue, ready, over = Queue(), threading.Event(), []

    async def whole():
        over.append((asyncio.get_running_loop(), asyncio.Event()))
        server = await asyncio.start_server(queue.serve, "127.0.0.1", 0)
        queue.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over[0][1].wait()
        server.close()
        for feed in queue.feeds:
            feed.close()

    thread = threading.Thread(target=lambda: asyncio.run(whole()))
    thread.start()
    ready.wait()
    try:
        yield queue
    finally:
        loop, event = over[0]
        loop.call_soon_threadsafe(event.set)
        thread.join()
