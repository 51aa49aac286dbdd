from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from surgeline._native.deadlines cimport Deadlines
from surgeline._native.http_origin cimport Origin
from surgeline._native.poller cimport Completion
from surgeline._native.wire cimport Wire, sl_buffer


cdef extern from "hpack.h" nogil:
    ctypedef enum sl_hpack_status:
        SL_HPACK_FIELD
        SL_HPACK_END
        SL_HPACK_MALFORMED
        SL_HPACK_NO_MEMORY
    ctypedef struct sl_hpack_field:
        const uint8_t *name
        const uint8_t *value
        size_t name_size, value_size
    ctypedef struct sl_hpack_decoder:
        pass
    ctypedef struct sl_hpack_encoder:
        uint32_t epoch
    void sl_hpack_decoder_init(sl_hpack_decoder *)
    void sl_hpack_decoder_free(sl_hpack_decoder *)
    void sl_hpack_begin(sl_hpack_decoder *, const uint8_t *, size_t)
    sl_hpack_status sl_hpack_next(sl_hpack_decoder *, sl_hpack_field *)
    void sl_hpack_encoder_init(sl_hpack_encoder *)
    void sl_hpack_encoder_free(sl_hpack_encoder *)
    void sl_hpack_set_limit(sl_hpack_encoder *, uint32_t)
    int sl_hpack_begin_block(sl_hpack_encoder *, sl_buffer *)
    int sl_hpack_put(sl_hpack_encoder *, sl_buffer *, const sl_hpack_field *)
    int sl_hpack_put_literal(sl_buffer *, const sl_hpack_field *)


cdef extern from "http2.h" nogil:
    ctypedef enum sl_h2_type:
        SL_H2_DATA
        SL_H2_HEADERS
        SL_H2_RST_STREAM
        SL_H2_SETTINGS
        SL_H2_PING
        SL_H2_GOAWAY
        SL_H2_WINDOW_UPDATE
    ctypedef enum sl_h2_error:
        SL_H2_NO_ERROR
        SL_H2_PROTOCOL_ERROR
        SL_H2_INTERNAL_ERROR
        SL_H2_FLOW_CONTROL_ERROR
        SL_H2_REFUSED_STREAM
        SL_H2_CANCEL
        SL_H2_COMPRESSION_ERROR
        SL_H2_ENHANCE_YOUR_CALM
        SL_H2_INADEQUATE_SECURITY
    ctypedef enum sl_h2_status:
        SL_H2_FRAME
        SL_H2_MORE
        SL_H2_BROKEN
        SL_H2_NO_MEMORY
    enum:
        SL_H2_END_STREAM, SL_H2_ACK
        SL_H2_HEADER_TABLE_SIZE, SL_H2_ENABLE_PUSH, SL_H2_MAX_CONCURRENT_STREAMS, SL_H2_INITIAL_WINDOW_SIZE
        SL_H2_MAX_FRAME_SIZE, SL_H2_MAX_HEADER_LIST_SIZE
        SL_H2_FRAME_BYTES, SL_H2_SETTING, SL_H2_WINDOW, SL_H2_PING_BYTES
    const uint32_t SL_H2_MOST
    ctypedef struct sl_h2:
        sl_h2_type type
        uint8_t flags
        uint32_t stream
        const uint8_t *payload
        size_t size, length
        sl_h2_error error
        int has_begun
    void sl_h2_init(sl_h2 *)
    void sl_h2_free(sl_h2 *)
    sl_h2_status sl_h2_feed(sl_h2 *, const uint8_t *, size_t, size_t *)
    uint32_t sl_h2_number(const uint8_t *)
    const char *sl_h2_error_name(uint32_t)
    int sl_h2_put(sl_buffer *, sl_h2_type, uint8_t, uint32_t, const uint8_t *, size_t)
    int sl_h2_put_number(sl_buffer *, sl_h2_type, uint32_t, uint32_t)
    int sl_h2_put_block(sl_buffer *, uint8_t, uint32_t, const uint8_t *, size_t, size_t)
    int sl_h2_put_setting(sl_buffer *, int, uint32_t)


cdef class Head:
    cdef readonly tuple fields


cdef class Stream(Completion):
    cdef Connection connection
    cdef Head head
    cdef bytes fields               # those of this stream alone, as HPACK has them
    cdef uint32_t id                # 0 until it has begun
    cdef int64_t deadline
    cdef bytes outgoing             # what is to be sent, and how much of it has been; None where there is nothing
    cdef size_t offset
    cdef bint ends                  # nothing follows what is outgoing
    cdef bint half_closed, ended    # have we said so? has the server?
    cdef bint blocked               # is it among those that wait for a window or the socket?
    cdef int64_t send_window, receive_window
    cdef size_t held                # bytes that were received and that nobody has taken yet
    cdef size_t used                # bytes that were received and that the server was not given back as window yet
    cdef int on_field(self, const sl_hpack_field *field) except -1
    cdef int on_fields_end(self) except -1
    cdef int on_data(self, const uint8_t *data, size_t size) except -1
    cdef int on_sent(self) except -1
    cdef int on_end(self) except -1
    cdef int on_reset(self, uint32_t error, str why) except -1
    cdef int on_lost(self, str why) except -1
    cdef int on_overdue(self) except -1
    cdef int wake_up(self) except -1


cdef str error_name(uint32_t error)


cdef class Channel(Deadlines):
    cdef Origin origin
    cdef object describe_error
    cdef bint resumes
    cdef object session             # of TLS, of the last connection; kept only where it is resumed
    cdef Connection current         # what the next stream gets
    cdef list connections
    cdef bint closed
    cdef int launch(self, Stream stream) except -1


cdef class Connection(Wire):
    cdef Channel channel
    cdef sl_h2 reader
    cdef sl_hpack_decoder decoder
    cdef sl_hpack_encoder encoder
    cdef sl_buffer block
    cdef dict blocks                # of heads, as they were written while the encoder's epoch was this one
    cdef uint32_t blocks_epoch
    cdef dict streams
    cdef list waiting, blocked, told
    cdef bint settled, leaving, in_turn, corked
    cdef str farewell               # what the server said when it went away
    cdef uint32_t next_id, most_streams
    cdef int64_t window, first_window
    cdef size_t frame_bytes
    cdef uint64_t used
    cdef int launch(self, Stream stream) except -1
    cdef int begin(self, Stream stream) except -1
    cdef int begin_waiting(self) except -1
    cdef int put_head(self, Stream stream) except -1
    cdef int put_fields(self, Head head) except -1
    cdef int push(self, Stream stream) except -1
    cdef int unblock(self) except -1
    cdef int refill(self, Stream stream) except -1
    cdef int reset(self, Stream stream, uint32_t error, str why) except -1
    cdef int release(self, Stream stream, uint32_t error) except -1
    cdef int tell(self, Stream stream) except -1
    cdef int take_frame(self) except -1
    cdef int take_headers(self) except -1
    cdef int take_data(self) except -1
    cdef int take_reset(self) except -1
    cdef int take_settings(self) except -1
    cdef int take_setting(self, int setting, uint32_t value) except -1
    cdef int take_window(self) except -1
    cdef int take_ping(self) except -1
    cdef int take_goaway(self) except -1
    cdef bint is_idle(self, uint32_t stream)
    cdef int leave(self) except -1
    cdef int break_off(self, uint32_t error) except -1
    cdef int lose(self, str why) except -1
    cdef int64_t fail_overdue(self, int64_t now) except -1
