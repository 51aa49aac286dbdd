from libc.stdint cimport int64_t, uint64_t

from surgeline._native.cells cimport CounterCell, RateCell, TrendCell


cdef class RawResponse:
    cdef readonly int status
    cdef readonly int error_code
    cdef readonly object error
    cdef readonly str url
    cdef readonly bytes head, raw_body
    cdef readonly uint64_t body_size, decoded_bytes, event_bytes
    cdef readonly bint ok, is_encoded, is_discarded
    cdef readonly object stream
    cdef readonly int64_t blocked_ns, looking_up_ns, connecting_ns, tls_ns, sending_ns, waiting_ns, receiving_ns


cdef class Outcome:
    cdef readonly CounterCell requests, sent, received
    cdef readonly RateCell failed
    cdef readonly TrendCell duration, response_time, blocked, looking_up, connecting, tls, sending, waiting, receiving
    cdef readonly bint is_failure
    cdef readonly int error_code
    cdef int to_show            # how many more of its answers `witness` is shown
    cdef object witness
    cdef int count(self, RawResponse response, int64_t lateness, uint64_t sent, uint64_t received,
                   bint was_sent) except -1
    cdef int log(self, RawResponse response, int64_t lateness, uint64_t sent, uint64_t received,
                 bint was_sent) except -1


cdef class Endpoint:
    cdef object make_outcome
    cdef readonly bint repeatable
    cdef dict answered, failed
    cdef Outcome last
    cdef int last_key
    cdef Outcome answer(self, int status, int minor_version, int tls_number, str tls_version)
    cdef Outcome failure(self, int code, str text, int tls_number, str tls_version)
