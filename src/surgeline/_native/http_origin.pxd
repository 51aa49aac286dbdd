from libc.stdint cimport int64_t

from surgeline._native.http_outcomes cimport Endpoint
from surgeline._native.poller cimport Channel


cdef class Dialer(Channel):
    cdef int on_resolved(self) except -1
    cdef int on_unresolved(self, object reason) except -1


cdef class Origin:
    cdef readonly str scheme, host
    cdef readonly int port
    cdef readonly object tls
    cdef readonly bytes tunnel
    cdef readonly str via
    cdef readonly list addresses
    cdef readonly object resolve
    cdef dict sources
    cdef bint rotate, resolving, always_fresh
    cdef int64_t until
    cdef list waiting, refusing
    cdef int turn
    cdef bint is_ready(self)
    cdef int dial(self, Dialer dialer) except -1
    cdef int ask(self) except -1
    cdef int begin_at(self)
    cdef int note(self, int number, bint refuses) except -1
    cdef bytes source(self, int family, long user)


cdef class Prepared:
    cdef readonly Origin origin
    cdef readonly Endpoint endpoint
    cdef readonly str url
    cdef readonly bytes head
    cdef readonly bint is_head
    cdef readonly object request
    cdef Py_ssize_t first_line
    cdef bytes head_for(self, bytes fields, bytes body, object source)
