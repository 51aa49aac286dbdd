from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from surgeline._native.connector cimport Connector
from surgeline._native.tls_stream cimport TlsStream


cdef extern from "buffer.h" nogil:
    ctypedef struct sl_buffer:
        uint8_t *data
        size_t size
    int sl_buffer_append(sl_buffer *, const uint8_t *, size_t)
    void sl_buffer_free(sl_buffer *)
    void sl_buffer_empty(sl_buffer *, size_t)
    void sl_buffer_drop(sl_buffer *, size_t)


cdef enum:
    RESOLVING
    CONNECTING
    HANDSHAKING
    OPEN
    CLOSED


cdef class Wire(Connector):
    cdef TlsStream tls
    cdef object session             # of TLS, from the connection before; None for none
    cdef int state
    cdef int send_errno             # why sending failed, while what the server may have said before is read
    cdef bint wants_write
    cdef sl_buffer plain, sealed    # what is to be sent: as it is, and in records of TLS
    cdef uint64_t bytes_sent, bytes_received    # since somebody last took them
    cdef int on_open(self) except -1
    cdef int on_bytes(self, const uint8_t *data, size_t size) except -1
    cdef int on_failed(self, str stage, int number, object detail) except -1
    cdef int begin_turn(self) except -1
    cdef int end_turn(self) except -1
    cdef int start_tls(self) except -1
    cdef int handshake(self) except -1
    cdef int take_turn(self, uint32_t events) except -1
    cdef int receive(self) except -1
    cdef int receive_end(self) except -1
    cdef int receive_tls(self, size_t size) except -1
    cdef int seal(self) except -1
    cdef int flush(self) except -1
    cdef int close(self) except -1
