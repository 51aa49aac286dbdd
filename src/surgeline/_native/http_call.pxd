from libc.stdint cimport int64_t, uint64_t

from surgeline._native.connector cimport Connector
from surgeline._native.deadlines cimport Deadlines
from surgeline._native.http_origin cimport Prepared
from surgeline._native.http_outcomes cimport Outcome, RawResponse
from surgeline._native.poller cimport Completion, Poller


cdef class Carrier(Connector):
    cdef int abandon(self) except -1
    cdef int leave(self) except -1
    cdef int pause(self, bint paused) except -1
    cdef int expect_more(self, int64_t timeout) except -1


cdef class CallOwner(Deadlines):
    cdef int launch(self, HttpCall call) except -1
    cdef int end_pause(self, HttpCall call) except -1


cdef class HttpCall(Completion):
    cdef CallOwner owner
    cdef Carrier connection
    cdef Prepared request
    cdef bytes head
    cdef readonly bytes body
    cdef object source, exchange
    cdef bint is_read  # is the body read from a source, or was it?
    cdef BodyStream stream
    cdef int body_use
    cdef uint64_t max_body
    cdef readonly int64_t deadline
    cdef int64_t called, timeout, lateness
    # Stamps; 0 where that point was not reached.
    cdef int64_t lookup_started, connect_started, connected, secured, send_started, sent, first_byte
    cdef uint64_t bytes_sent, bytes_received
    cdef int begin_hop(self, Prepared request, bytes body, bytes fields, object source) except -1
    cdef int end_source(self) except -1
    cdef int measure(self, Outcome outcome, RawResponse response, int64_t end, bint over_tls) except -1


cdef class BodyPiece(Completion):
    cdef HttpCall call


cdef class BodyStream:
    cdef Poller poller
    cdef HttpCall call
    cdef RawResponse response
    cdef list pieces
    cdef size_t held
    cdef Completion reader
    cdef bint paused
    cdef readonly bint ended
    cdef int push(self, bytes piece) except -1
    cdef int end(self) except -1
    cdef int wake(self) except -1
    cdef int cancel(self) except -1
