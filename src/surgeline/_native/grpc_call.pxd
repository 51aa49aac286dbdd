from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from surgeline._native.http2_connection cimport Stream, sl_hpack_field
from surgeline._native.poller cimport Completion


cdef class GrpcCall(Stream):
    cdef readonly int code          # of its status; -1 before there is one
    cdef readonly str error
    cdef readonly list headers, trailers
    cdef readonly bint is_over
    cdef list fields_now            # of the block that is being read
    cdef bint has_headers
    cdef int http_status, status
    cdef bint is_grpc
    cdef bytes details, encoding
    # The message that is being received.
    cdef uint8_t prefix[5]
    cdef size_t prefix_size, filled
    cdef bytes partial
    cdef uint64_t sent, received    # bytes of the connection that count as this call's
    cdef int take_prefix(self, const uint8_t *data, size_t size) except -1
    cdef int begin_message(self) except -1
    cdef int on_message(self, bytes message) except -1
    cdef int refuse(self, uint32_t error, int code, str why) except -1
    cdef int conclude(self, int code, str error, uint32_t reset) except -1
    cdef int take_bytes(self) except -1
    cdef int end_message(self) except -1


cdef class UnaryCall(GrpcCall):
    cdef readonly bytes message


cdef class StreamingCall(GrpcCall):
    cdef object messages            # those that nobody has read yet
    cdef Completion reader
    cdef list writers
    cdef bytes take_message(self)
