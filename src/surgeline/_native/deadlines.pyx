"""Deadlines of many calls under one owner, with one timer for the earliest: most calls end long before theirs.

See deadlines.pyi. Knows no calls.
"""

from libc.stdint cimport INT64_MAX, int64_t

from surgeline._native.poller cimport Wakeable


cdef class Deadlines(Wakeable):
    def __cinit__(self):
        self.armed_later = []

    cdef int64_t fail_overdue(self, int64_t now) except -1:
        """Fail what is over its time; returns the next deadline, INT64_MAX for none."""
        return INT64_MAX

    cdef int arm(self, int64_t deadline) except -1:
        """Look for what is over its time at a deadline, unless that is done before anyway."""
        if deadline == INT64_MAX:
            return 0
        if self.armed:
            if deadline >= self.armed:
                return 0
            self.armed_later.append(self.armed)
        self.armed = deadline
        return self.poller.add_timer(deadline, self)

    cdef int on_due(self, int64_t now) except -1:
        self.armed = self.armed_later.pop() if self.armed_later else 0
        return self.arm(self.fail_overdue(now))
