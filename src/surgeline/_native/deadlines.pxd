from libc.stdint cimport int64_t

from surgeline._native.poller cimport Poller, Wakeable


cdef class Deadlines(Wakeable):
    cdef Poller poller
    cdef int64_t armed      # the earliest deadline that has a timer, and those that it went before, the latest first
    cdef list armed_later
    cdef int arm(self, int64_t deadline) except -1
    cdef int64_t fail_overdue(self, int64_t now) except -1
