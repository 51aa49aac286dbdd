"""The engine's heart: one epoll over asyncio's descriptors and our channels, one heap of timers, and awaitables that
wake their task directly. See poller.pyi.

No asyncio task runs while the loop is inside `poll`, so a completion may step the waiting task right there, in the
task's own context. Whatever completes at any other moment (a send that fails inside a script's call, say) is deferred
to the next `poll`. Knows no protocol.
"""

from cpython.exc cimport PyErr_CheckSignals
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.errno cimport EINTR, errno
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport free, malloc

import contextvars
import os
from asyncio import CancelledError, InvalidStateError
from types import GenericAlias

cdef extern from "Python.h":
    int PyContext_Enter(object) except -1
    int PyContext_Exit(object) except -1

cdef extern from "stop_iteration.h":
    void sl_stop_iteration(object)

cdef extern from "system.h" nogil:
    int epoll_create1(int)
    int epoll_ctl(int, int, int, epoll_event *)
    int sl_epoll_wait(int, epoll_event *, int, int64_t)
    void sl_tighten_timer_slack()
    int EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL

cdef extern from "unistd.h" nogil:
    int close(int)

# A precise timer is waited for until this long before it is due, then spun for: the kernel wakes us 25 us late.
cdef int64_t SPIN_NS = 30_000
cdef size_t BUFFER_SIZE = 256 * 1024
cdef int CAPACITY = 256

cdef enum:
    PENDING
    DONE
    CANCELLED


def now_ns():
    return sl_now()


cdef long forgotten = 0


def forgotten_waits():
    return forgotten


cdef class Wakeable:
    cdef int on_due(self, int64_t now) except -1:
        return 0

    cdef int on_followed(self, Completion completion) except -1:
        """The completion that this follows has come to its end. No task is running."""
        return 0


cdef class Channel(Wakeable):
    def __cinit__(self):
        self.fd = -1

    def __dealloc__(self):
        if self.fd >= 0:
            close(self.fd)

    cdef int on_ready(self, uint32_t events) except -1:
        return 0

    cdef int watch(self, uint32_t events) except -1:
        cdef epoll_event event
        event.events = events
        event.data.u64 = <uint64_t><void *>self
        if epoll_ctl(self.poller.epoll_fd, EPOLL_CTL_ADD, self.fd, &event):
            raise OSError(errno, os.strerror(errno))
        Py_INCREF(self)  # epoll holds a pointer to us
        return 0

    cdef int rewatch(self, uint32_t events) except -1:
        cdef epoll_event event
        event.events = events
        event.data.u64 = <uint64_t><void *>self
        if epoll_ctl(self.poller.epoll_fd, EPOLL_CTL_MOD, self.fd, &event):
            raise OSError(errno, os.strerror(errno))
        return 0

    cdef int unwatch_and_close(self) except -1:
        """Closing takes the descriptor out of epoll; events of this step may still name us, so we outlive the step."""
        if self.fd >= 0:
            epoll_ctl(self.poller.epoll_fd, EPOLL_CTL_DEL, self.fd, NULL)
            close(self.fd)
            self.fd = -1
            self.poller.graveyard.append(self)
            Py_DECREF(self)
        return 0


cdef class Completion(Wakeable):
    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, Poller poller not None):
        self.poller = poller

    cdef int on_cancel(self) except -1:
        return 0

    cdef void note_if_forgotten(self) noexcept:
        global forgotten
        forgotten += not self.asked

    cdef int finish(self, object value) except -1:
        if self.state != PENDING:
            return 0
        self.state = DONE
        self.value = value
        if self.poller.may_wake:
            return self.wake()
        self.poller.deferred.append(self)
        return 0

    cdef int wake(self) except -1:
        if self.follower is not None:
            self.asked = True
            follower, self.follower = self.follower, None
            return (<Wakeable>follower).on_followed(self)
        callback = self.callback
        context = self.context
        self.callback = self.context = None
        if self.more is not None:
            return self.wake_all(callback, context)
        return 0 if callback is None else self.poller.run_callback(callback, context, self)

    cdef int wake_all(self, object callback, object context) except -1:
        """Where one callback ends the program, the others are kept for the next step: their tasks have to end too."""
        try:
            if callback is not None:
                self.poller.run_callback(callback, context, self)
            while self.more:
                callback, context = self.more.pop(0)
                self.poller.run_callback(callback, context, self)
        finally:
            if self.more:
                self.poller.deferred.append(self)
        return 0

    cdef object outcome(self):
        self.asked = True
        if self.state == PENDING:
            raise InvalidStateError("The result is not there yet.")
        if self.state == CANCELLED:
            raise self._make_cancelled_error()
        if self.error is not None:
            raise self.error
        return self.value

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        self.asked = True
        if self.state == PENDING:
            if self._asyncio_future_blocking:
                raise RuntimeError("await was not used with this awaitable")
            self._asyncio_future_blocking = True
            return self
        if self.state == DONE and self.error is None:
            sl_stop_iteration(self.value)
            raise StopIteration  # ends the iterator as it stands: with the value that was just set
        self.outcome()

    # No `send`: with it this would be a coroutine to asyncio.wait(), which refuses those.

    def throw(self, kind, value=None, traceback=None):
        if value is None:
            value = kind() if isinstance(kind, type) else kind
        raise value if traceback is None else value.with_traceback(traceback)

    def close(self):
        self.cancel()

    def get_loop(self):
        return self.poller.loop

    def done(self):
        return self.state != PENDING

    def cancelled(self):
        return self.state == CANCELLED

    def result(self):
        return self.outcome()

    def exception(self):
        if self.state == CANCELLED or self.state == PENDING:
            self.outcome()
        return self.error

    def set_result(self, value):
        self.finish(value)

    def set_exception(self, error):
        if isinstance(error, type):
            error = error()
        if not isinstance(error, BaseException) or isinstance(error, StopIteration):
            raise TypeError(f"expected an exception that can be raised into a task, found {error!r}")
        if self.state == PENDING:
            self.error = error
            self.finish(None)

    @property
    def _cancel_message(self):
        # asyncio.gather asks its futures for this one, and for the next.
        return self.error if self.state == CANCELLED else None

    def _make_cancelled_error(self):
        return CancelledError() if self.error is None else CancelledError(self.error)

    def cancel(self, msg=None):
        self.asked = True
        if self.state != PENDING:
            return False
        self.state = CANCELLED
        self.error = msg
        self.on_cancel()
        self.poller.deferred.append(self)
        return True

    def add_done_callback(self, callback, *, context=None):
        self.asked = True
        if context is None:
            context = contextvars.copy_context()
        if self.state != PENDING:
            self.poller.loop.call_soon(callback, self, context=context)
        elif self.callback is None:
            self.callback = callback
            self.context = context
        elif self.more is None:
            self.more = [(callback, context)]
        else:
            self.more.append((callback, context))

    def remove_done_callback(self, callback):
        waiting = [] if self.callback is None else [(self.callback, self.context)]
        waiting += self.more or []
        kept = [entry for entry in waiting if entry[0] != callback]
        self.callback, self.context = kept[0] if kept else (None, None)
        self.more = kept[1:] or None
        return len(waiting) - len(kept)


cdef class Sleep(Completion):
    def __dealloc__(self):
        self.note_if_forgotten()

    cdef int on_due(self, int64_t now) except -1:
        return self.finish(None)


cdef class Alarm(Wakeable):
    """Calls `callback(now_ns)` at a time; the time that it returns, if any, is the next."""
    cdef Poller poller
    cdef object callback
    cdef int64_t due
    cdef bint is_set

    def __init__(self, Poller poller not None, callback, bint precise=False):
        self.poller = poller
        self.callback = callback
        self.precise = precise

    def set(self, int64_t due_ns):
        self.due = due_ns
        self.is_set = True
        self.poller.add_timer(due_ns, self)

    def cancel(self):
        self.is_set = False

    cdef int on_due(self, int64_t now) except -1:
        if not self.is_set or now < self.due:
            return 0  # cancelled, or set to a later time, whose own timer comes
        self.is_set = False
        again = self.callback(now)
        if again is not None:
            # Not due again within this step, however late it is: the others come first.
            self.set(max(<int64_t>again, now + 1))
        return 0


cdef class Poller:
    def __cinit__(self):
        sl_timers_init(&self.timers)
        self.epoll_fd = -1
        self.buffer_size = BUFFER_SIZE
        self.buffer = <char *>malloc(BUFFER_SIZE)
        if self.buffer == NULL:
            raise MemoryError

    def __init__(self):
        self.graveyard = []
        self.deferred = []
        self.epoll_fd = epoll_create1(EPOLL_CLOEXEC)
        if self.epoll_fd < 0:
            raise OSError(errno, os.strerror(errno))
        sl_tighten_timer_slack()

    def __dealloc__(self):
        sl_timers_free(&self.timers)
        free(self.buffer)
        if self.epoll_fd >= 0:
            close(self.epoll_fd)

    def attach(self, loop):
        self.loop = loop

    def close(self):
        """Timers point at their owners and these at us, where the garbage collector cannot see: let go of them here."""
        cdef void *owner = sl_timers_pop(&self.timers)
        while owner != NULL:
            Py_DECREF(<object>owner)
            owner = sl_timers_pop(&self.timers)
        self.deferred.clear()
        self.graveyard.clear()
        if self.epoll_fd >= 0:
            close(self.epoll_fd)
            self.epoll_fd = -1

    def register(self, int fd, uint32_t events):
        self.control(EPOLL_CTL_ADD, fd, events)

    def modify(self, int fd, uint32_t events):
        self.control(EPOLL_CTL_MOD, fd, events)

    def unregister(self, int fd):
        # The descriptor may be closed already, which took it out of epoll: that is what unregistering is for.
        epoll_ctl(self.epoll_fd, EPOLL_CTL_DEL, fd, NULL)

    def control(self, int operation, int fd, uint32_t events):
        cdef epoll_event event
        event.events = events
        event.data.u64 = (<uint64_t>fd << 1) | 1  # odd, as no pointer of ours is
        if epoll_ctl(self.epoll_fd, operation, fd, &event):
            raise OSError(errno, os.strerror(errno))

    def sleep_until(self, int64_t due_ns):
        cdef Sleep sleep = Sleep.__new__(Sleep)
        sleep.poller = self
        self.add_timer(due_ns, sleep)
        return sleep

    cdef int add_timer(self, int64_t due, Wakeable owner) except -1:
        if sl_timers_push(&self.timers, due, <void *>owner):
            raise MemoryError
        Py_INCREF(owner)
        return 0

    def poll(self, int64_t timeout_ns):
        """One step; returns [(fd, events)] of the descriptors that are asyncio's. Below 0: no time-out."""
        cdef list ready = []
        cdef int64_t deadline
        cdef int count
        self.steps += 1
        self.now = sl_now()
        try:
            if self.deferred:
                self.may_wake = True
                self.run_deferred()
                timeout_ns = 0
                self.may_wake = False
            if timeout_ns < 0:
                deadline = INT64_MAX
            else:
                deadline = self.now + timeout_ns
            count = self.wait(deadline)
            self.may_wake = True  # not while we waited: another thread could have completed something then
            self.dispatch(count, ready)
            self.now = sl_now()
            self.run_timers()
        finally:
            self.may_wake = False
            self.graveyard.clear()
        return ready

    cdef int wait(self, int64_t deadline) except -2:
        """Wait for events until the deadline or the first timer; returns how many there are."""
        cdef int64_t first, target, until, before
        cdef int count
        while True:
            first = sl_timers_next(&self.timers)
            target = min(first, deadline)
            until = target
            if first == target and self.timers.count and (<Wakeable>self.timers.heap[0].owner).precise:
                until = target - SPIN_NS
            before = self.now
            if target == INT64_MAX:
                with nogil:
                    count = sl_epoll_wait(self.epoll_fd, self.events, CAPACITY, -1)
            elif until > before:
                with nogil:
                    count = sl_epoll_wait(self.epoll_fd, self.events, CAPACITY, until - before)
            else:
                count = sl_epoll_wait(self.epoll_fd, self.events, CAPACITY, 0)
            self.now = sl_now()
            if target > before:
                self.idle_ns += self.now - before
            if count < 0:
                if errno != EINTR:
                    raise OSError(errno, os.strerror(errno))
                PyErr_CheckSignals()
                return 0
            if count or self.now >= target:
                return count

    cdef int dispatch(self, int count, list ready) except -1:
        cdef int i
        cdef uint64_t tag
        cdef Channel channel
        cdef bint late = False
        for i in range(count):
            tag = self.events[i].data.u64
            if tag & 1:
                ready.append((<int>(tag >> 1), self.events[i].events))
                continue
            channel = <Channel><void *>tag
            if channel.fd >= 0:
                channel.on_ready(self.events[i].events)
            # A schedule does not wait for the rest of the batch; the channel has just read the clock.
            # Once it is behind it does: a hopeless schedule must not keep the answers waiting.
            if not late and self.now >= sl_timers_next(&self.timers):
                self.run_timers()
                late = sl_timers_next(&self.timers) <= sl_now()
        return 0

    cdef int run_timers(self) except -1:
        """Run what is due, at most as many as there are: one that is always due again cannot hold the loop."""
        cdef int64_t now = self.now
        cdef size_t left = self.timers.count
        cdef Wakeable owner
        while left and sl_timers_next(&self.timers) <= now:
            left -= 1
            owner = <Wakeable>sl_timers_pop(&self.timers)
            Py_DECREF(owner)
            owner.on_due(now)
        return 0

    cdef int run_deferred(self) except -1:
        cdef Py_ssize_t i = 0
        deferred, self.deferred = self.deferred, []
        try:
            while i < len(deferred):
                i += 1
                (<Completion>deferred[i - 1]).wake()
        finally:
            if i < len(deferred):
                self.deferred = deferred[i:] + self.deferred
        return 0

    cdef int run_callback(self, object callback, object context, Completion completion) except -1:
        """Call back in its context. What it raises goes where asyncio sends it; only the two that end a program pass."""
        cdef bint entered = False
        self.may_wake = False
        try:
            PyContext_Enter(context)
            entered = True
            callback(completion)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.loop.call_exception_handler(
                {"message": f"Exception in callback {callback!r}", "exception": error, "future": completion}
            )
        finally:
            if entered:
                PyContext_Exit(context)
            self.may_wake = True
        return 0
