"""What HTTP requests come to: the response, and the cells that count it. See http_outcomes.pyi.

A sample costs an increment in each cell of its outcome; the outcome is found by one comparison where it is the same as
the last. Knows no connection and no metric names, and reads the clock only for samples that are logged one by one.
"""

from libc.stdint cimport int64_t, uint64_t

from surgeline._native.histogram cimport sl_histogram_record
from surgeline._native.samples cimport log_number, log_whole, sl_now


cdef class RawResponse:
    pass


cdef class Outcome:
    def __init__(self, bint is_failure, int error_code, requests, failed, sent, received, duration, response_time,
                 blocked, looking_up, connecting, tls, sending, waiting, receiving, *, int to_show=0, witness=None):
        self.is_failure = is_failure
        self.error_code = error_code
        self.requests = requests
        self.failed = failed
        self.sent = sent
        self.received = received
        self.duration = duration
        self.response_time = response_time
        self.blocked = blocked
        self.looking_up = looking_up
        self.connecting = connecting
        self.tls = tls
        self.sending = sending
        self.waiting = waiting
        self.receiving = receiving
        self.to_show = to_show
        self.witness = witness

    cdef int count(self, RawResponse response, int64_t lateness, uint64_t sent, uint64_t received,
                   bint was_sent) except -1:
        """A request that was never sent, its connection refused say, has no service time: counting it as 0 would make a
        dead server look fast."""
        cdef int64_t duration = response.sending_ns + response.waiting_ns + response.receiving_ns
        self.requests.block += 1
        self.failed.block_count += 1
        self.failed.block_passes += self.is_failure
        self.sent.block += sent
        self.received.block += received
        if (sl_histogram_record(&self.response_time.block.data, <uint64_t>(lateness + response.blocked_ns + duration))
                | sl_histogram_record(&self.blocked.block.data, <uint64_t>response.blocked_ns)
                | sl_histogram_record(&self.looking_up.block.data, <uint64_t>response.looking_up_ns)
                | sl_histogram_record(&self.connecting.block.data, <uint64_t>response.connecting_ns)
                | sl_histogram_record(&self.tls.block.data, <uint64_t>response.tls_ns)):
            raise MemoryError
        if was_sent and (sl_histogram_record(&self.duration.block.data, <uint64_t>duration)
                         | sl_histogram_record(&self.sending.block.data, <uint64_t>response.sending_ns)
                         | sl_histogram_record(&self.waiting.block.data, <uint64_t>response.waiting_ns)
                         | sl_histogram_record(&self.receiving.block.data, <uint64_t>response.receiving_ns)):
            raise MemoryError
        if self.requests.log is not None:
            self.log(response, lateness, sent, received, was_sent)
        return 0

    cdef int log(self, RawResponse response, int64_t lateness, uint64_t sent, uint64_t received,
                 bint was_sent) except -1:
        """The same samples one by one, all of one time."""
        cdef int64_t duration = response.sending_ns + response.waiting_ns + response.receiving_ns
        cdef int64_t now = sl_now()
        log_number(self.requests, now, 1)
        log_number(self.failed, now, self.is_failure)
        log_number(self.sent, now, <double>sent)
        log_number(self.received, now, <double>received)
        log_whole(self.response_time, now, <uint64_t>(lateness + response.blocked_ns + duration))
        log_whole(self.blocked, now, <uint64_t>response.blocked_ns)
        log_whole(self.looking_up, now, <uint64_t>response.looking_up_ns)
        log_whole(self.connecting, now, <uint64_t>response.connecting_ns)
        log_whole(self.tls, now, <uint64_t>response.tls_ns)
        if was_sent:
            log_whole(self.duration, now, <uint64_t>duration)
            log_whole(self.sending, now, <uint64_t>response.sending_ns)
            log_whole(self.waiting, now, <uint64_t>response.waiting_ns)
            log_whole(self.receiving, now, <uint64_t>response.receiving_ns)
        return 0


cdef class Endpoint:
    def __init__(self, make_outcome, bint repeatable):
        self.make_outcome = make_outcome
        self.repeatable = repeatable
        self.answered = {}
        self.failed = {}

    cdef Outcome answer(self, int status, int minor_version, int tls_number, str tls_version):
        cdef int key = (status << 4) | (tls_number << 1) | minor_version
        if key != self.last_key or self.last is None:
            self.last = self.answered.get(key)
            if self.last is None:
                protocol = "HTTP/1.1" if minor_version else "HTTP/1.0"
                self.last = self.answered[key] = self.make_outcome(status, 0, None, protocol, tls_version)
            self.last_key = key
        return self.last

    cdef Outcome failure(self, int code, str text, int tls_number, str tls_version):
        key = (code, text, tls_number)
        outcome = self.failed.get(key)
        if outcome is None:
            outcome = self.failed[key] = self.make_outcome(0, code, text, "HTTP/1.1", tls_version)
        return outcome
