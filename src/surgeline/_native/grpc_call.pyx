"""Calls of gRPC on streams of HTTP/2: messages with their prefixes, and what each way of ending comes to as a status.

See grpc_call.pyi. As gRPC's PROTOCOL-HTTP2.md and http-grpc-status-mapping.md have it. Knows no connection's state, and
neither protobuf nor metrics.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from collections import deque
from urllib.parse import unquote

from surgeline._native.http2_connection cimport (
    SL_H2_CANCEL, SL_H2_NO_ERROR, SL_H2_PROTOCOL_ERROR, Channel, Head, Stream, error_name, sl_h2_number, sl_hpack_field,
)
from surgeline._native.poller cimport Completion, Poller, sl_now

cdef enum:
    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    DEADLINE_EXCEEDED = 4
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16
    MOST_STATUS = 16

cdef enum:
    PREFIX = 5

# gRPC's own limit.
cdef size_t MOST_MESSAGE = 4 * 1024 * 1024
cdef int NONE = -1
# By the numbers of HTTP/2's errors; the others are INTERNAL.
cdef dict OF_RESETS = {7: UNAVAILABLE, 8: CANCELLED, 11: RESOURCE_EXHAUSTED, 12: PERMISSION_DENIED}
# Of answers without a status of gRPC; the others are UNKNOWN.
cdef dict OF_HTTP = {
    400: INTERNAL, 401: UNAUTHENTICATED, 403: PERMISSION_DENIED, 404: UNIMPLEMENTED,
    429: UNAVAILABLE, 502: UNAVAILABLE, 503: UNAVAILABLE, 504: UNAVAILABLE,
}


cdef bint is_named(const sl_hpack_field *field, const char *name, size_t size):
    return field.name_size == size and memcmp(field.name, name, size) == 0


cdef bint begins_with(const sl_hpack_field *field, const char *text, size_t size):
    return field.value_size >= size and memcmp(field.value, text, size) == 0


cdef bytes value_of(const sl_hpack_field *field):
    return PyBytes_FromStringAndSize(<const char *>field.value, <Py_ssize_t>field.value_size)


cdef int number_of(const sl_hpack_field *field):
    """Return a number of at most three digits; -1 for what is none."""
    cdef int number = 0
    cdef size_t at
    if not 0 < field.value_size <= 3:
        return NONE
    for at in range(field.value_size):
        if not c'0' <= field.value[at] <= c'9':
            return NONE
        number = number * 10 + (field.value[at] - c'0')
    return number


cdef bytes prefixed(bytes message):
    cdef size_t size = <size_t>PyBytes_GET_SIZE(message)
    cdef bytes whole = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>(PREFIX + size))
    cdef uint8_t *data = <uint8_t *>PyBytes_AS_STRING(whole)
    data[0] = 0
    data[1] = <uint8_t>(size >> 24)
    data[2] = <uint8_t>(size >> 16)
    data[3] = <uint8_t>(size >> 8)
    data[4] = <uint8_t>size
    memcpy(data + PREFIX, PyBytes_AS_STRING(message), size)
    return whole


cdef class NextStep(Completion):
    """What is known already, told at the poller's next step: a script that never waits would let nobody else go on."""
    cdef object result

    cdef int wake(self) except -1:
        return Completion.wake(self) if self.done() else self.finish(self.result)


cdef NextStep next_step(Poller poller, object result):
    cdef NextStep step = NextStep(poller)
    step.result = result
    poller.deferred.append(step)
    return step


cdef class GrpcCall(Stream):
    def __init__(self, Channel channel not None, Head head not None, bytes fields not None, timeout_ns,
                 bytes message=None):
        self.poller = channel.poller
        self.head = head
        self.fields = fields
        self.code = self.status = self.http_status = NONE
        self.error = ""
        self.deadline = INT64_MAX if timeout_ns is None else sl_now() + <int64_t>timeout_ns
        if message is not None:
            self.outgoing = prefixed(message)
            self.ends = True
        channel.launch(self)

    def take_traffic(self):
        """Return how many bytes were sent and received since this was last asked."""
        if not self.is_over:
            self.take_bytes()
        taken = (self.sent, self.received)
        self.sent = self.received = 0
        return taken

    cdef int take_bytes(self) except -1:
        self.sent += self.connection.bytes_sent
        self.received += self.connection.bytes_received
        self.connection.bytes_sent = self.connection.bytes_received = 0
        return 0

    # Header fields

    cdef int on_field(self, const sl_hpack_field *field) except -1:
        if self.fields_now is None:
            self.fields_now = []
        if is_named(field, b":status", 7):
            self.http_status = number_of(field)
        elif is_named(field, b"content-type", 12):
            self.is_grpc = begins_with(field, b"application/grpc", 16)
        elif is_named(field, b"grpc-status", 11):
            self.status = number_of(field)
            if not 0 <= self.status <= MOST_STATUS:
                self.status = UNKNOWN
        elif is_named(field, b"grpc-message", 12):
            self.details = value_of(field)
        elif is_named(field, b"grpc-encoding", 13):
            self.encoding = value_of(field)
        elif not is_named(field, b"grpc-accept-encoding", 20):
            self.fields_now.append((field.name[:field.name_size], value_of(field)))
        return 0

    cdef int on_fields_end(self) except -1:
        fields, self.fields_now = self.fields_now, None
        if self.has_headers:
            self.trailers = fields
            return 0
        if 100 <= self.http_status <= 199:
            return 0  # the answer is still to come
        self.has_headers = True
        if self.status != NONE:
            self.trailers = fields  # there is no answer, only a status
            return 0
        self.headers = fields
        if self.http_status == 200 and self.is_grpc:
            return 0
        return self.conclude(
            OF_HTTP.get(self.http_status, UNKNOWN), f"expected an answer of gRPC, found HTTP status {self.http_status}",
            SL_H2_CANCEL)

    # Messages

    cdef int on_data(self, const uint8_t *data, size_t size) except -1:
        cdef size_t part
        if not self.has_headers:
            return self.refuse(SL_H2_PROTOCOL_ERROR, INTERNAL, "expected header fields first, found data")
        while size and not self.is_over:
            if self.prefix_size < PREFIX:
                part = min(size, PREFIX - self.prefix_size)
                self.take_prefix(data, part)
            else:
                part = min(size, <size_t>PyBytes_GET_SIZE(self.partial) - self.filled)
                memcpy(PyBytes_AS_STRING(self.partial) + self.filled, data, part)
                self.filled += part
                self.end_message()
            data += part
            size -= part
        return 0

    cdef int take_prefix(self, const uint8_t *data, size_t size) except -1:
        memcpy(self.prefix + self.prefix_size, data, size)
        self.prefix_size += size
        if self.prefix_size < PREFIX:
            return 0
        self.begin_message()
        return 0 if self.is_over else self.end_message()

    cdef int begin_message(self) except -1:
        cdef size_t size = sl_h2_number(self.prefix + 1)
        if self.prefix[0] == 1 and self.encoding is not None and self.encoding != b"identity":
            why = f"expected a message that is not compressed, found {self.encoding.decode('latin-1')}"
            return self.refuse(SL_H2_CANCEL, UNIMPLEMENTED, why)
        if self.prefix[0]:
            return self.refuse(SL_H2_CANCEL, INTERNAL, f"expected the prefix of a message, found {self.prefix[0]:#x}")
        if size > MOST_MESSAGE:
            why = f"expected a message of at most {MOST_MESSAGE:,} bytes, found {size:,}"
            return self.refuse(SL_H2_CANCEL, RESOURCE_EXHAUSTED, why)
        self.partial = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>size)
        self.filled = 0
        return 0

    cdef int end_message(self) except -1:
        """Hand a message on, if all of it is there."""
        if self.filled < <size_t>PyBytes_GET_SIZE(self.partial):
            return 0
        message, self.partial = self.partial, None
        self.prefix_size = 0
        return self.on_message(message)

    cdef int on_message(self, bytes message) except -1:
        return 0

    # Ending

    cdef int on_end(self) except -1:
        if self.is_over:
            return 0
        if self.status == NONE:
            return self.conclude(UNKNOWN, "expected a status at the end of the call, found none", SL_H2_NO_ERROR)
        if self.status == OK and self.prefix_size:
            return self.conclude(INTERNAL, "expected the rest of a message, found the end of the call", SL_H2_NO_ERROR)
        details = unquote(self.details.decode("utf-8", "replace")) if self.details else ""
        return self.conclude(self.status, details, SL_H2_NO_ERROR)

    cdef int on_reset(self, uint32_t error, str why) except -1:
        if error == SL_H2_CANCEL and self.deadline <= sl_now():
            return self.on_overdue()  # the server's clock was a little faster than ours
        why = why or f"the server broke the call off: {error_name(error)}"
        return self.conclude(OF_RESETS.get(error, INTERNAL), why, SL_H2_NO_ERROR)

    cdef int on_lost(self, str why) except -1:
        return self.conclude(UNAVAILABLE, why, SL_H2_CANCEL)

    cdef int on_overdue(self) except -1:
        return self.conclude(DEADLINE_EXCEEDED, "the deadline of the call was over", SL_H2_CANCEL)

    cdef int refuse(self, uint32_t error, int code, str why) except -1:
        """The server did not keep to gRPC."""
        return self.conclude(code, why, error)

    cdef int conclude(self, int code, str error, uint32_t reset) except -1:
        """The call has come to its end, whatever the server may still send."""
        if self.is_over:
            return 0
        self.is_over = True
        self.code = code
        self.error = error
        self.partial = None
        self.connection.release(self, reset)
        self.take_bytes()
        return self.connection.tell(self)

    cdef int on_cancel(self) except -1:
        return self.conclude(CANCELLED, "cancelled", SL_H2_CANCEL)


cdef class UnaryCall(GrpcCall):
    cdef int on_message(self, bytes message) except -1:
        if self.message is not None:
            return self.refuse(SL_H2_CANCEL, INTERNAL, "expected one message, found another")
        self.message = message
        return 0

    cdef int on_end(self) except -1:
        if self.status == OK and self.message is None and not self.prefix_size:
            return self.conclude(INTERNAL, "expected a message with the status OK, found none", SL_H2_NO_ERROR)
        return GrpcCall.on_end(self)

    cdef int wake_up(self) except -1:
        return self.finish(None)


cdef class StreamingCall(GrpcCall):
    def __cinit__(self, *_arguments):
        self.messages = deque()
        self.writers = []

    def read(self):
        if self.reader is not None and not self.reader.done():
            raise RuntimeError("expected one task to read a stream, found another that waits for a message")
        if self.messages or self.is_over:
            return next_step(self.poller, self.take_message())
        self.reader = Completion(self.poller)
        return self.reader

    def write(self, bytes message not None, bint is_last=False):
        cdef bytes whole = prefixed(message)
        if self.is_over:
            return next_step(self.poller, False)
        self.outgoing = whole if self.outgoing is None else self.outgoing[self.offset:] + whole
        self.offset = 0
        self.ends = self.ends or is_last
        self.connection.push(self)
        self.connection.flush()
        if self.outgoing is None:
            return next_step(self.poller, True)
        writer = Completion(self.poller)
        self.writers.append(writer)
        return writer

    def half_close(self):
        if not self.is_over:
            self.ends = True
            self.connection.push(self)
            self.connection.flush()

    cdef int on_message(self, bytes message) except -1:
        self.messages.append(message)
        self.held += PREFIX + <size_t>PyBytes_GET_SIZE(message)
        return self.connection.tell(self)

    cdef int on_sent(self) except -1:
        return self.connection.tell(self)

    cdef bytes take_message(self):
        """Return the next message that is there; None where there is none."""
        cdef bytes message
        if not self.messages:
            return None
        message = self.messages.popleft()
        self.held -= PREFIX + <size_t>PyBytes_GET_SIZE(message)
        if not self.is_over:
            self.connection.refill(self)
        return message

    cdef int wake_up(self) except -1:
        cdef Completion reader = self.reader
        if self.writers and (self.outgoing is None or self.is_over):
            writers, self.writers = self.writers, []
            for writer in writers:
                (<Completion>writer).finish(not self.is_over)
        if reader is None or reader.done() or not (self.messages or self.is_over):
            return 0
        self.reader = None
        return reader.finish(self.take_message())
