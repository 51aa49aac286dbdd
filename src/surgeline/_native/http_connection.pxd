from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from surgeline._native.http_call cimport CallOwner, Carrier, HttpCall
from surgeline._native.http_outcomes cimport Outcome, RawResponse
from surgeline._native.iteration cimport UserState
from surgeline._native.tls_stream cimport TlsStream


cdef extern from "http1.h" nogil:
    ctypedef enum sl_http_status:
        SL_HTTP_MORE
        SL_HTTP_DONE
        SL_HTTP_ERROR
    ctypedef enum sl_http_error:
        SL_HTTP_OK
        SL_HTTP_LINE_TOO_LONG
        SL_HTTP_HEAD_TOO_LARGE
        SL_HTTP_TOO_MANY_HEADERS
        SL_HTTP_TOO_MANY_INTERIM
        SL_HTTP_EXTENSION_TOO_LARGE
        SL_HTTP_TRAILER_TOO_LARGE
        SL_HTTP_BODY_TOO_LARGE
        SL_HTTP_CLOSED_UNANSWERED
        SL_HTTP_NO_MEMORY
    ctypedef enum sl_http_body_use:
        SL_HTTP_KEEP
        SL_HTTP_DISCARD
        SL_HTTP_STREAM
    ctypedef struct sl_http:
        size_t max_line_bytes, max_head_bytes, max_chunk_extension_bytes, max_trailer_bytes
        uint64_t max_body_bytes
        uint32_t max_headers, max_interim
        int request_is_connect
        uint8_t body_use
        int status
        int minor_version
        int keep_alive
        int head_complete
        const uint8_t *head
        size_t head_size
        uint8_t has_set_cookie, has_location, has_content_encoding
        const uint8_t *body
        size_t body_size
        uint64_t body_total
        sl_http_error error
    void sl_http_init(sl_http *)
    void sl_http_free(sl_http *)
    void sl_http_reset(sl_http *, int)
    void sl_http_release_body(sl_http *)
    sl_http_status sl_http_feed(sl_http *, const uint8_t *, size_t, size_t *)
    sl_http_status sl_http_end(sl_http *)
    int sl_http_started(const sl_http *)
    uint64_t sl_http_to_come(const sl_http *)
    const char *sl_http_error_text(sl_http_error)


cdef enum:
    RESOLVING
    CONNECTING
    TUNNELLING
    HANDSHAKING
    ACTIVE
    IDLE
    CLOSED


cdef class Rules:
    cdef readonly size_t line_bytes, head_bytes, chunk_extension_bytes, trailer_bytes
    cdef readonly uint64_t body_bytes, decoded_bytes, event_bytes
    cdef readonly uint32_t headers, interim
    cdef readonly int64_t timeout_ns
    cdef readonly bint resume_tls, discard_bodies, close_after_request, close_after_iteration


cdef class Pool(CallOwner):
    cdef UserState user
    cdef Rules rules
    cdef object describe_error
    cdef type response_class
    cdef RawResponse unread
    cdef dict idle, tls_sessions
    cdef list connections
    cdef bint closed
    cdef int open_connection(self, HttpCall call) except -1
    cdef bint may_go_on(self, HttpCall call, const sl_http *parser) except -1
    cdef int go_on(self, HttpCall call, RawResponse response) except -1


cdef class Connection(Carrier):
    cdef Pool pool
    cdef HttpCall call
    cdef sl_http parser
    cdef int state
    cdef int send_errno         # why sending failed, while what the server may have said before is read
    cdef int pieces_at_once
    cdef bint wants_write, paused, session_kept
    cdef int awaited            # how many bytes have to be there before we are told of any; 1 but in large bodies
    cdef size_t offset          # how much of head and body (TLS: of `outgoing`) the socket has taken
    cdef TlsStream tls
    cdef bytes outgoing         # TLS records that the socket has not taken yet
    cdef int take(self, HttpCall call) except -1
    cdef int start_tunnel(self) except -1
    cdef int receive_tunnel(self, size_t size) except -1
    cdef int start_tls(self) except -1
    cdef int handshake(self) except -1
    cdef int opened(self, int64_t now) except -1
    cdef int begin(self, int64_t now) except -1
    cdef int send(self) except -1
    cdef int send_plain(self) except -1
    cdef int flush_tls(self) except -1
    cdef int after_send(self, bint everything) except -1
    cdef int send_piece(self) except -1
    cdef int rewatch_as_needed(self) except -1
    cdef int send_last_tls(self, bytes data) except -1
    cdef int fail_sending(self, int number) except -1
    cdef int take_turn(self, uint32_t events) except -1
    cdef int receive(self) except -1
    cdef int receive_failed(self, int number) except -1
    cdef int receive_end(self) except -1
    cdef int end_of_stream(self) except -1
    cdef int receive_tls(self, size_t size) except -1
    cdef int receive_idle_tls(self, ssize_t size) except -1
    cdef int await_bytes(self, int count) except -1
    cdef int feed(self, const uint8_t *data, size_t size) except -1
    cdef int feed_stream(self, sl_http_status status) except -1
    cdef int complete(self) except -1
    cdef Outcome outcome(self, HttpCall call, RawResponse response)
    cdef int show(self, Outcome outcome, HttpCall call, const uint8_t *body, size_t size) except -1
    cdef RawResponse finish_hop(self, RawResponse response)
    cdef int rest(self) except -1
    cdef RawResponse respond(self, HttpCall call)
    cdef RawResponse respond_without_body(self, HttpCall call)
    cdef int lose(self, str stage, int number, detail) except -1
    cdef int time_out(self) except -1
    cdef int fail(self, str stage, int number, detail) except -1
    cdef int abandon_call(self) except -1
    cdef int close(self) except -1
