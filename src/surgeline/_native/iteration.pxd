from libc.stdint cimport int64_t

from surgeline._native.cells cimport CounterCell, TrendCell
from surgeline._native.poller cimport Completion, Poller, Wakeable


cdef class UserState:
    cdef public long id, iteration
    cdef readonly long scenario_iteration, run_iteration
    cdef readonly int64_t lateness_ns
    cdef public long connect_failures, abandoned
    cdef public bint interrupted, evicted
    cdef readonly bint resting


cdef class Budget:
    cdef public int64_t end_ns, left
    cdef public bint stopped


cdef class Tally:
    cdef readonly long index, of, started


cdef class Recorder:
    cdef Tally tally
    cdef type abort
    cdef int64_t pacing_ns
    cdef CounterCell iterations
    cdef TrendCell duration, lateness, response_time
    cdef object on_error, on_interrupt
    cdef readonly long active, started
    cdef long index, of, peak
    cdef long repeating  # users whose iterations follow one another


cdef class Iterations(Wakeable):
    cdef Poller poller
    cdef Recorder recorder
    cdef UserState user
    cdef Budget budget
    cdef object function, inner
    cdef Completion parked
    cdef int64_t intended, started, ended
    cdef long steps, fruitless
    cdef bint running, rests, over
    cdef object follow(self)
    cdef bint may_start(self)
    cdef int begin(self) except -1
    cdef int end(self) except -1
    cdef int failed(self, object error) except -1
    cdef bint ends_the_task(self, object error)
