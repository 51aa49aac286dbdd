"""One HTTP/2 connection: its streams, what may be sent when, and what becomes of it all when the server goes away.

See http2_connection.pyi. Streams begin once the server's settings are there, so that none is sent that the server would
not take. What is received in one turn is handed on whole before anybody is woken: the script that goes on may do
anything with this connection. Knows no gRPC.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MAX, UINT32_MAX, int64_t, uint8_t, uint32_t, uint64_t

from surgeline._native.http_connection import STAGE_TLS
from surgeline._native.deadlines cimport Deadlines
from surgeline._native.poller cimport Completion, Poller
from surgeline._native.wire cimport CLOSED, Wire, sl_buffer_append, sl_buffer_empty, sl_buffer_free

cdef bytes PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# What the server may send before it has to wait for us: on all streams together, and on each. Half of it used up, it is
# given back.
cdef uint32_t WINDOW_OF_ALL = 1 << 30
cdef uint32_t WINDOW_OF_EACH = 1024 * 1024
# The fields of one header block, as HTTP/2 counts them: 32 bytes for each beside its own.
cdef size_t MOST_FIELDS = 64 * 1024
cdef size_t FIELD = 32
# A stream whose bytes the socket does not take waits; this much is written ahead.
cdef size_t MOST_UNSENT = 256 * 1024
cdef size_t KEPT = 64 * 1024
# Of what the server says when it goes away.
cdef size_t MOST_TOLD = 200


cdef int checked(int status) except -1:
    if status < 0:
        raise MemoryError
    return 0


cdef sl_hpack_field as_field(bytes name, bytes value):
    cdef sl_hpack_field field
    field.name = <const uint8_t *>PyBytes_AS_STRING(name)
    field.name_size = <size_t>PyBytes_GET_SIZE(name)
    field.value = <const uint8_t *>PyBytes_AS_STRING(value)
    field.value_size = <size_t>PyBytes_GET_SIZE(value)
    return field


cdef bytes bytes_of(const sl_buffer *buffer, size_t start):
    return PyBytes_FromStringAndSize(<const char *>buffer.data + start, <Py_ssize_t>(buffer.size - start))


cdef str error_name(uint32_t error):
    return (<bytes>sl_h2_error_name(error)).decode() or f"error {error}"


def literals(fields):
    cdef sl_buffer out
    cdef sl_hpack_field field
    out.data = NULL
    sl_buffer_free(&out)
    try:
        for name, value in fields:
            field = as_field(name, value)
            checked(sl_hpack_put_literal(&out, &field))
        return bytes_of(&out, 0) if out.size else b""
    finally:
        sl_buffer_free(&out)


cdef class Head:
    def __init__(self, fields):
        self.fields = tuple(fields)


cdef class Stream(Completion):
    # What becomes of it: each of these once, on_field and on_data often.

    cdef int on_field(self, const sl_hpack_field *field) except -1:
        return 0

    cdef int on_fields_end(self) except -1:
        return 0

    cdef int on_data(self, const uint8_t *data, size_t size) except -1:
        return 0

    cdef int on_sent(self) except -1:
        """All that was outgoing is on its way."""
        return 0

    cdef int on_end(self) except -1:
        """The server has said all, or we have broken the stream off while it did."""
        return 0

    cdef int on_reset(self, uint32_t error, str why) except -1:
        """One side broke the stream off. We have where there is a `why`."""
        return 0

    cdef int on_lost(self, str why) except -1:
        """The connection failed, or the server did not take the stream."""
        return 0

    cdef int on_overdue(self) except -1:
        return 0

    cdef int wake_up(self) except -1:
        """The turn is over: whoever waits may go on."""
        return 0


cdef class Channel(Deadlines):
    def __init__(self, Poller poller not None, Origin origin not None, describe_error, bint resumes=False):
        self.poller = poller
        self.origin = origin
        self.describe_error = describe_error
        self.resumes = resumes
        self.connections = []

    cdef int launch(self, Stream stream) except -1:
        cdef Connection connection = self.current
        if self.closed:
            raise RuntimeError("expected a call while the virtual user lives, found one after its end")
        self.arm(stream.deadline)
        if connection is not None:
            return connection.launch(stream)
        connection = self.current = Connection(self)
        self.connections.append(connection)
        connection.launch(stream)
        return self.origin.dial(connection)

    def close(self):
        """Close every connection; streams under way are cancelled."""
        cdef Connection connection
        self.closed = True
        for connection in list(self.connections):
            for stream in [*connection.streams.values(), *connection.waiting]:
                stream.cancel()
            connection.close()

    cdef int64_t fail_overdue(self, int64_t now) except -1:
        cdef int64_t next_deadline = INT64_MAX
        cdef Connection connection
        for connection in list(self.connections):
            next_deadline = min(next_deadline, connection.fail_overdue(now))
        return next_deadline


cdef class Connection(Wire):
    def __cinit__(self, Channel channel not None):
        self.channel = channel
        self.poller = channel.poller
        self.origin = channel.origin
        self.session = channel.session
        sl_h2_init(&self.reader)
        sl_hpack_decoder_init(&self.decoder)
        sl_hpack_encoder_init(&self.encoder)
        self.blocks = {}
        self.streams = {}
        self.waiting = []
        self.blocked = []
        self.told = []
        self.next_id = 1
        self.most_streams = UINT32_MAX
        self.window = self.first_window = SL_H2_WINDOW
        self.frame_bytes = SL_H2_FRAME_BYTES

    def __dealloc__(self):
        sl_h2_free(&self.reader)
        sl_hpack_decoder_free(&self.decoder)
        sl_hpack_encoder_free(&self.encoder)
        sl_buffer_free(&self.block)

    # Beginning

    cdef int on_open(self) except -1:
        if self.tls is not None and self.tls.stream.selected_alpn_protocol() != "h2":
            return self.on_failed(STAGE_TLS, 0, "the server does not offer HTTP/2")
        self.block.size = 0
        checked(sl_h2_put_setting(&self.block, SL_H2_ENABLE_PUSH, 0))
        checked(sl_h2_put_setting(&self.block, SL_H2_INITIAL_WINDOW_SIZE, WINDOW_OF_EACH))
        checked(sl_h2_put_setting(&self.block, SL_H2_MAX_HEADER_LIST_SIZE, <uint32_t>MOST_FIELDS))
        checked(sl_buffer_append(
            &self.plain, <const uint8_t *>PyBytes_AS_STRING(PREFACE), <size_t>PyBytes_GET_SIZE(PREFACE)))
        checked(sl_h2_put(&self.plain, SL_H2_SETTINGS, 0, 0, self.block.data, self.block.size))
        checked(sl_h2_put_number(&self.plain, SL_H2_WINDOW_UPDATE, 0, WINDOW_OF_ALL - SL_H2_WINDOW))
        return self.flush()

    cdef int launch(self, Stream stream) except -1:
        stream.connection = self
        if not self.settled or <size_t>len(self.streams) >= self.most_streams:
            self.waiting.append(stream)
            return 0
        self.begin(stream)
        return self.flush()

    cdef int begin(self, Stream stream) except -1:
        stream.id = self.next_id
        self.next_id += 2
        self.streams[stream.id] = stream
        stream.send_window = self.first_window
        stream.receive_window = WINDOW_OF_EACH
        self.put_head(stream)
        self.push(stream)
        return self.leave() if self.next_id > SL_H2_MOST else 0

    cdef int begin_waiting(self) except -1:
        while (self.waiting and self.settled and not self.leaving and self.state != CLOSED
               and <size_t>len(self.streams) < self.most_streams):
            self.begin(self.waiting.pop(0))
        return 0

    cdef int put_head(self, Stream stream) except -1:
        cdef bytes fields = stream.fields
        sl_buffer_empty(&self.block, KEPT)
        checked(sl_hpack_begin_block(&self.encoder, &self.block))
        self.put_fields(stream.head)
        checked(sl_buffer_append(
            &self.block, <const uint8_t *>PyBytes_AS_STRING(fields), <size_t>PyBytes_GET_SIZE(fields)))
        return checked(sl_h2_put_block(
            &self.plain, 0, stream.id, self.block.data, self.block.size, self.frame_bytes))

    cdef int put_fields(self, Head head) except -1:
        """What was written of a head before is written again, as long as the tables of HPACK are what they were."""
        cdef bytes known
        cdef uint32_t epoch = self.encoder.epoch
        cdef size_t start = self.block.size
        cdef sl_hpack_field field
        if epoch != self.blocks_epoch:
            self.blocks.clear()
            self.blocks_epoch = epoch
        known = self.blocks.get(head)
        if known is not None:
            return checked(sl_buffer_append(
                &self.block, <const uint8_t *>PyBytes_AS_STRING(known), <size_t>PyBytes_GET_SIZE(known)))
        for name, value in head.fields:
            field = as_field(name, value)
            checked(sl_hpack_put(&self.encoder, &self.block, &field))
        if self.encoder.epoch == epoch:
            self.blocks[head] = bytes_of(&self.block, start)
        return 0

    # Sending

    cdef int push(self, Stream stream) except -1:
        """Write what a stream has to send, as far as the windows and the socket let it."""
        cdef size_t left, size
        cdef bint ends
        if not stream.id or stream.half_closed:
            return 0
        while stream.outgoing is not None:
            left = <size_t>PyBytes_GET_SIZE(stream.outgoing) - stream.offset
            size = <size_t>max(0, min(min(self.window, stream.send_window), <int64_t>min(left, self.frame_bytes)))
            if not size or self.plain.size + self.sealed.size > MOST_UNSENT:
                if not stream.blocked:
                    stream.blocked = True
                    self.blocked.append(stream)
                return 0
            ends = stream.ends and size == left
            checked(sl_h2_put(
                &self.plain, SL_H2_DATA, SL_H2_END_STREAM if ends else 0, stream.id,
                <const uint8_t *>PyBytes_AS_STRING(stream.outgoing) + stream.offset, size))
            self.window -= <int64_t>size
            stream.send_window -= <int64_t>size
            stream.offset += size
            stream.half_closed = ends
            if size == left:
                stream.outgoing = None
                stream.on_sent()
        if stream.ends and not stream.half_closed:
            stream.half_closed = True
            return checked(sl_h2_put(&self.plain, SL_H2_DATA, SL_H2_END_STREAM, stream.id, NULL, 0))
        return 0

    cdef int unblock(self) except -1:
        cdef Stream stream
        blocked, self.blocked = self.blocked, []
        for stream in blocked:
            stream.blocked = False
            self.push(stream)
        return 0

    cdef int flush(self) except -1:
        if self.corked or self.in_turn:
            return 0
        Wire.flush(self)
        while self.blocked and not self.wants_write and self.state != CLOSED:
            self.unblock()
            if not self.plain.size:
                return 0
            Wire.flush(self)
        return 0

    cdef int refill(self, Stream stream) except -1:
        """Give a stream's window back, unless whoever takes its bytes is slower than the server."""
        if stream.used < WINDOW_OF_EACH // 2 or stream.held > WINDOW_OF_EACH // 4 or stream.ended:
            return 0
        checked(sl_h2_put_number(&self.plain, SL_H2_WINDOW_UPDATE, stream.id, <uint32_t>stream.used))
        stream.receive_window += <int64_t>stream.used
        stream.used = 0
        return self.flush()

    cdef int reset(self, Stream stream, uint32_t error, str why) except -1:
        """Break a stream off because of what the server sent."""
        self.release(stream, error)
        return stream.on_reset(error, why)

    cdef int release(self, Stream stream, uint32_t error) except -1:
        """Forget a stream; the server is told where it does not know that the stream is over."""
        cdef bint is_over = stream.ended and stream.half_closed
        if stream.id:
            if self.streams.pop(stream.id, None) is None or self.state == CLOSED:
                return 0
            if not is_over:
                checked(sl_h2_put_number(&self.plain, SL_H2_RST_STREAM, stream.id, error))
            stream.ended = stream.half_closed = True
        elif stream in self.waiting:
            self.waiting.remove(stream)
            if not self.settled and not self.waiting:
                return self.close()  # nobody waits for it any more: who comes next tries anew
        stream.outgoing = None
        self.begin_waiting()
        if self.leaving and not self.streams:
            Wire.flush(self)
            return self.close()
        return self.flush()

    # Receiving

    cdef int begin_turn(self) except -1:
        self.in_turn = True
        return 0

    cdef int tell(self, Stream stream) except -1:
        """Let a stream wake who waits for it, at the end of the turn where there is one."""
        if not self.in_turn:
            return stream.wake_up()
        self.told.append(stream)
        return 0

    cdef int end_turn(self) except -1:
        """One script that goes on may have its next request go out with what else there is to send. Among several, each
        request goes out at once."""
        cdef Py_ssize_t i = 0
        told, self.told = self.told, []
        self.in_turn = False
        self.corked = len(told) == 1
        try:
            while i < len(told):
                i += 1
                (<Stream>told[i - 1]).wake_up()
        finally:
            self.corked = False
            # Where one ends the program, the others go on in the next step.
            self.poller.may_wake = self.poller.may_wake and i == len(told)
            for stream in told[i:]:
                (<Stream>stream).wake_up()
        return self.flush()

    cdef int on_bytes(self, const uint8_t *data, size_t size) except -1:
        cdef size_t used = 0
        cdef sl_h2_status status
        while self.state != CLOSED:
            status = sl_h2_feed(&self.reader, data, size, &used)
            if status == SL_H2_MORE:
                return 0
            if status == SL_H2_BROKEN:
                return self.break_off(self.reader.error)
            checked(status)
            data += used
            size -= used
            self.take_frame()
        return 0

    cdef int take_frame(self) except -1:
        if self.reader.type == SL_H2_DATA:
            return self.take_data()
        if self.reader.type == SL_H2_HEADERS:
            return self.take_headers()
        if self.reader.type == SL_H2_WINDOW_UPDATE:
            return self.take_window()
        if self.reader.type == SL_H2_PING:
            return self.take_ping()
        if self.reader.type == SL_H2_RST_STREAM:
            return self.take_reset()
        return self.take_settings() if self.reader.type == SL_H2_SETTINGS else self.take_goaway()

    cdef bint is_idle(self, uint32_t stream):
        """Has no stream of this number been begun?"""
        return stream % 2 == 0 or stream >= self.next_id

    cdef int take_headers(self) except -1:
        cdef Stream stream = self.streams.get(self.reader.stream)
        cdef sl_hpack_field field
        cdef sl_hpack_status status
        cdef size_t size = 0
        if self.is_idle(self.reader.stream):
            return self.break_off(SL_H2_PROTOCOL_ERROR)
        sl_hpack_begin(&self.decoder, self.reader.payload, self.reader.size)
        while True:
            status = sl_hpack_next(&self.decoder, &field)
            if status != SL_HPACK_FIELD:
                break
            size += field.name_size + field.value_size + FIELD
            if stream is not None and size <= MOST_FIELDS:
                stream.on_field(&field)
        if status == SL_HPACK_MALFORMED:
            return self.break_off(SL_H2_COMPRESSION_ERROR)
        checked(status)
        if stream is None:
            return 0
        if size > MOST_FIELDS:
            return self.reset(
                stream, SL_H2_ENHANCE_YOUR_CALM, f"expected at most {MOST_FIELDS:,} bytes of metadata, found {size:,}")
        stream.ended = self.reader.flags & SL_H2_END_STREAM
        stream.on_fields_end()
        return stream.on_end() if stream.ended else 0

    cdef int take_data(self) except -1:
        cdef Stream stream = self.streams.get(self.reader.stream)
        cdef size_t length = self.reader.length
        if self.is_idle(self.reader.stream):
            return self.break_off(SL_H2_PROTOCOL_ERROR)
        self.used += length
        if self.used >= WINDOW_OF_ALL // 2:
            checked(sl_h2_put_number(&self.plain, SL_H2_WINDOW_UPDATE, 0, <uint32_t>self.used))
            self.used = 0
        if stream is None:
            return 0
        stream.receive_window -= <int64_t>length
        stream.used += length
        if stream.receive_window < 0:
            return self.reset(
                stream, SL_H2_FLOW_CONTROL_ERROR, "expected no more than the window, found the server to send on")
        stream.ended = self.reader.flags & SL_H2_END_STREAM
        stream.on_data(self.reader.payload, self.reader.size)
        return stream.on_end() if stream.ended else self.refill(stream)

    cdef int take_reset(self) except -1:
        cdef Stream stream = self.streams.get(self.reader.stream)
        if self.is_idle(self.reader.stream):
            return self.break_off(SL_H2_PROTOCOL_ERROR)
        if stream is None:
            return 0
        stream.ended = stream.half_closed = True
        return stream.on_reset(sl_h2_number(self.reader.payload), None)

    cdef int take_settings(self) except -1:
        cdef size_t at
        cdef const uint8_t *one
        if self.reader.flags & SL_H2_ACK:
            return 0
        for at in range(0, self.reader.size, SL_H2_SETTING):
            one = self.reader.payload + at
            self.take_setting(one[0] << 8 | one[1], sl_h2_number(one + 2))
        checked(sl_h2_put(&self.plain, SL_H2_SETTINGS, SL_H2_ACK, 0, NULL, 0))
        self.settled = True
        self.begin_waiting()
        return self.unblock()

    cdef int take_setting(self, int setting, uint32_t value) except -1:
        cdef Stream stream
        if setting == SL_H2_HEADER_TABLE_SIZE:
            sl_hpack_set_limit(&self.encoder, value)
        elif setting == SL_H2_MAX_CONCURRENT_STREAMS:
            self.most_streams = value
        elif setting == SL_H2_MAX_FRAME_SIZE:
            self.frame_bytes = value
        elif setting == SL_H2_INITIAL_WINDOW_SIZE:
            for stream in self.streams.values():
                stream.send_window += <int64_t>value - self.first_window
            self.first_window = value
        return 0

    cdef int take_window(self) except -1:
        cdef uint32_t more = sl_h2_number(self.reader.payload) & SL_H2_MOST
        cdef Stream stream
        if not self.reader.stream:
            self.window += more
            return self.break_off(SL_H2_FLOW_CONTROL_ERROR) if self.window > SL_H2_MOST else self.unblock()
        if self.is_idle(self.reader.stream):
            return self.break_off(SL_H2_PROTOCOL_ERROR)
        stream = self.streams.get(self.reader.stream)
        if stream is None:
            return 0
        stream.send_window += more
        if stream.send_window > SL_H2_MOST:
            return self.reset(stream, SL_H2_FLOW_CONTROL_ERROR, "expected a window below 2 GiB, found a larger one")
        return self.unblock()

    cdef int take_ping(self) except -1:
        if self.reader.flags & SL_H2_ACK:
            return 0
        return checked(sl_h2_put(&self.plain, SL_H2_PING, SL_H2_ACK, 0, self.reader.payload, SL_H2_PING_BYTES))

    # Ending

    cdef int take_goaway(self) except -1:
        """The streams that the server has begun with go on; those after them it never will."""
        cdef uint32_t last = sl_h2_number(self.reader.payload) & SL_H2_MOST
        cdef uint32_t error = sl_h2_number(self.reader.payload + 4)
        cdef Stream stream
        said = (<const char *>self.reader.payload)[8:min(self.reader.size, 8 + MOST_TOLD)].decode("utf-8", "replace")
        name = error_name(error)
        self.farewell = f"the server went away: {name}{': ' if said else ''}{said}"
        for stream in [stream for stream in self.streams.values() if (<Stream>stream).id > last]:
            stream.ended = stream.half_closed = True
            stream.on_lost(self.farewell)
        return self.leave()

    cdef int leave(self) except -1:
        """Take no more streams; those that have not begun get another connection."""
        self.leaving = True
        if self.channel.current is self:
            self.channel.current = None
        waiting, self.waiting = self.waiting, []
        for stream in waiting:
            self.channel.launch(<Stream>stream)
        return self.close() if not self.streams else 0

    cdef int break_off(self, uint32_t error) except -1:
        """The server did not keep to HTTP/2: it is told, and the connection is of no more use."""
        cdef uint8_t payload[8]
        payload[:] = [0, 0, 0, 0, 0, 0, 0, <uint8_t>error]
        if not self.reader.has_begun:
            return self.lose("expected a server of HTTP/2, found another")
        checked(sl_h2_put(&self.plain, SL_H2_GOAWAY, 0, 0, payload, sizeof(payload)))
        Wire.flush(self)
        return self.lose(f"expected what HTTP/2 allows, found a {error_name(error)} of the server")

    cdef int on_failed(self, str stage, int number, object detail) except -1:
        return self.lose(self.farewell or self.channel.describe_error(stage, number, detail)[1])

    cdef int lose(self, str why) except -1:
        cdef Stream stream
        streams = [*self.streams.values(), *self.waiting]
        self.waiting = []
        self.close()
        for stream in streams:
            stream.on_lost(why)
        return 0

    cdef int close(self) except -1:
        if self.state == CLOSED:
            return 0
        self.channel.connections.remove(self)
        if self.channel.current is self:
            self.channel.current = None
        if self.channel.resumes and self.settled and self.tls is not None:
            self.channel.session = self.tls.session()
        return Wire.close(self)

    cdef int64_t fail_overdue(self, int64_t now) except -1:
        """Fail what is over its time; returns the next deadline."""
        cdef int64_t next_deadline = INT64_MAX
        cdef Stream stream
        self.begin_turn()
        try:
            for stream in [*self.streams.values(), *self.waiting]:
                if stream.deadline <= now:
                    stream.on_overdue()
                else:
                    next_deadline = min(next_deadline, stream.deadline)
        finally:
            self.end_turn()
        return next_deadline
