"""Iterations of one virtual user, driven and recorded natively. See iteration.pyi.

`Iterations` is what a virtual user's task awaits: it calls the scenario function, hands what that waits for on to the
task, and when the function returns it stamps, records and, in the closed model, calls it again, without a frame of
Python in between. Knows no protocol, no schedule and no metric names.
"""

from libc.stdint cimport int64_t, uint64_t

import asyncio

from surgeline._native.cells cimport CounterCell, TrendCell
from surgeline._native.histogram cimport sl_histogram_record
from surgeline._native.poller cimport Completion, Poller, Wakeable, sl_now
from surgeline._native.samples cimport log_number, log_whole

cdef extern from "Python.h":
    ctypedef struct PyObject
    ctypedef enum PySendResult:
        PYGEN_RETURN
        PYGEN_ERROR
        PYGEN_NEXT
    PySendResult PyIter_Send(PyObject *, PyObject *, PyObject **)
    PyObject *Py_None
    void Py_DECREF(PyObject *)

cdef int64_t FIRST_PAUSE_NS = 10_000_000
cdef int64_t LONGEST_PAUSE_NS = 50_000_000
# All users together try at most 10,000 times a second.
cdef int64_t PAUSE_OF_EACH_NS = 100_000


def pause_ns(long connect_failures, long users=1):
    longest = max(LONGEST_PAUSE_NS, users * PAUSE_OF_EACH_NS)
    return min(FIRST_PAUSE_NS << min(connect_failures - 1, 10), longest) if connect_failures > 0 else 0


cdef class UserState:
    def __cinit__(self):
        self.iteration = -1


cdef class Tally:
    def __init__(self, long index=0, long of=1):
        self.index = index
        self.of = of


cdef class Budget:
    def __init__(self, int64_t end_ns, int64_t left=-1):
        self.end_ns = end_ns
        self.left = left


cdef class Recorder:
    def __init__(self, Tally tally not None, iterations, duration, lateness, response_time, on_error, on_interrupt,
                 type abort not None, int64_t pacing_ns=0, long index=0, long of=1):
        self.tally = tally
        self.index = index
        self.of = of
        self.abort = abort
        self.pacing_ns = pacing_ns
        self.iterations = iterations
        self.duration = duration
        self.lateness = lateness
        self.response_time = response_time
        self.on_error = on_error
        self.on_interrupt = on_interrupt

    def take_peak(self):
        peak, self.peak = self.peak, self.active
        return peak

    def once(self, Poller poller, function, UserState user, int64_t intended_ns):
        """One iteration, which should have started at `intended_ns`."""
        cdef Iterations iterations = Iterations.__new__(Iterations)
        iterations.poller = poller
        iterations.recorder = self
        iterations.user = user
        iterations.function = function
        iterations.intended = intended_ns
        return iterations

    def repeat(self, Poller poller, function, UserState user, Budget budget not None):
        """One iteration after the other, while the budget lets them start."""
        cdef Iterations iterations = self.once(poller, function, user, 0)
        iterations.budget = budget
        self.repeating += 1
        return iterations


cdef int reraise() except -1:
    """The error indicator is set already."""
    return -1


cdef class Iterations(Wakeable):
    def __dealloc__(self):
        if self.budget is not None:
            self.recorder.repeating -= 1

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        cdef PyObject *result = NULL
        cdef PySendResult status
        while True:
            if not self.running:
                self.user.resting = self.rests
                if self.rests:
                    self.rests = False
                    if self.recorder.pacing_ns and self.ended < self.started + self.recorder.pacing_ns:
                        if self.budget.stopped or self.budget.left == 0:
                            self.over = True
                            raise StopIteration  # there is no next iteration to wait for
                        self.ended = self.started + self.recorder.pacing_ns
                        return next(self.poller.sleep_until(self.ended))
                    self.ended = 0
                    setbacks = max(self.user.connect_failures, self.fruitless)
                    # Counted from the last start: who waits by itself anyway must not try less often for it.
                    due = self.started + pause_ns(setbacks, self.recorder.repeating)
                    if setbacks and due > sl_now():
                        return next(self.poller.sleep_until(due))
                    if self.poller.steps == self.steps:
                        return None  # an iteration that waited for nothing: let the loop serve the others
                    self.user.resting = False
                if not self.may_start():
                    raise StopIteration
                self.begin()
                if not self.running:
                    continue
                if isinstance(self.inner, Completion):
                    return self.follow()
            status = PyIter_Send(<PyObject *>self.inner, Py_None, &result)
            if status == PYGEN_NEXT:
                value = <object>result
                Py_DECREF(result)
                return value
            if status == PYGEN_RETURN:
                Py_DECREF(result)
                self.fruitless = 0
                self.end()
            else:
                try:
                    reraise()
                except BaseException as error:
                    self.failed(error)

    cdef object follow(self):
        """A function that returns a completion of ours, and is no coroutine, needs no task to run in: while one
        iteration follows the other, the task waits for `parked` alone and the poller brings us on."""
        (<Completion>self.inner).follower = self
        self.parked = Completion(self.poller)
        return next(self.parked)

    cdef int on_followed(self, Completion completion) except -1:
        if completion is not self.inner:
            return 0  # cancelled meanwhile
        try:
            completion.outcome()
        except BaseException as error:
            self.failed(error)
        else:
            self.end()
        if not self.running and not self.rests and self.may_start():
            self.begin()
            if isinstance(self.inner, Completion):
                (<Completion>self.inner).follower = self
                if self.inner.done():
                    # It ended before it was followed, for want of a local port say: nobody else would bring us on.
                    self.poller.deferred.append(self.inner)
                return 0
        return self.parked.finish(None)

    def send(self, value):
        return self.__next__()

    def throw(self, kind, value=None, traceback=None):
        """What the task throws, its cancellation say, is thrown where the function waits."""
        if value is None:
            value = kind() if isinstance(kind, type) else kind
        if not self.running:
            self.over = True
            self.user.resting = False
            raise value
        if self.user.evicted:
            self.close()
            raise value
        try:
            if isinstance(self.inner, Completion):
                inner, self.inner = self.inner, None
                inner.cancel()
            else:
                return self.inner.throw(value)
            raise value
        except StopIteration:
            self.end()
        except BaseException as error:
            self.failed(error)
        return self.__next__()

    def close(self):
        """End at once: the function's `finally` blocks run up to their first wait, and no further."""
        self.over = True
        if not self.running:
            return
        self.running = False
        self.recorder.active -= 1
        self.recorder.on_interrupt()
        inner, self.inner = self.inner, None
        try:
            inner.close()
        except Exception:
            pass  # it had its time to end in order; what it raises or ignores now changes nothing

    cdef bint may_start(self):
        if self.over or self.user.interrupted:
            return False
        if self.budget is None:
            return True
        # One iteration begins when the one before ended, unless there was a pause between them.
        self.intended = self.ended if self.ended else sl_now()
        self.ended = 0
        if self.budget.stopped or self.intended >= self.budget.end_ns or self.budget.left == 0:
            self.over = True
            return False
        if self.budget.left > 0:
            self.budget.left -= 1
        return True

    cdef int begin(self) except -1:
        # In the closed model a user starts when it is done: there, the intended start is now.
        self.started = self.intended if self.budget is not None else sl_now()
        self.user.lateness_ns = self.started - self.intended
        self.user.iteration += 1
        self.user.scenario_iteration = self.recorder.started * self.recorder.of + self.recorder.index
        self.user.run_iteration = self.recorder.tally.started * self.recorder.tally.of + self.recorder.tally.index
        self.recorder.tally.started += 1
        self.steps = self.poller.steps
        self.recorder.started += 1
        self.recorder.active += 1
        if self.recorder.active > self.recorder.peak:
            self.recorder.peak = self.recorder.active
        self.running = True
        try:
            self.inner = self.function(self.user)
        except BaseException as error:
            self.failed(error)
        return 0

    cdef int end(self) except -1:
        cdef int64_t now = sl_now()
        cdef Recorder recorder = self.recorder
        self.running = False
        self.ended = now
        self.inner = None
        self.over = self.budget is None
        self.rests = not self.over and (self.user.connect_failures > 0 or self.fruitless > 0 or
                                        recorder.pacing_ns > 0 or self.poller.steps == self.steps)
        recorder.active -= 1
        recorder.iterations.block += 1
        if (sl_histogram_record(&recorder.duration.block.data, <uint64_t>(now - self.started))
                | sl_histogram_record(&recorder.lateness.block.data, <uint64_t>self.user.lateness_ns)
                | sl_histogram_record(&recorder.response_time.block.data, <uint64_t>(now - self.intended))):
            raise MemoryError
        if recorder.iterations.log is not None:
            log_number(recorder.iterations, now, 1)
            log_whole(recorder.duration, now, <uint64_t>(now - self.started))
            log_whole(recorder.lateness, now, <uint64_t>self.user.lateness_ns)
            log_whole(recorder.response_time, now, <uint64_t>(now - self.intended))
        return 0

    cdef int failed(self, object error) except -1:
        """An exception of the script counts and the user goes on; the run's own cancellation ends the user."""
        if not self.ends_the_task(error):
            # One that raises before it waits for anything does so again at once; nobody is served by a million of them.
            self.fruitless = self.fruitless + 1 if self.poller.steps == self.steps else 0
            self.recorder.on_error(error)
            self.end()
            return 0
        self.running = False
        self.over = True
        self.inner = None
        self.recorder.active -= 1
        self.recorder.on_interrupt()
        raise error

    cdef bint ends_the_task(self, object error):
        """A script's sys.exit(), and a CancelledError that the run did not ask for, are exceptions like others."""
        if isinstance(error, asyncio.CancelledError):
            return self.user.interrupted
        return isinstance(error, (KeyboardInterrupt, self.recorder.abort))
