"""The bytes of one connection, over TCP, a Unix socket or TLS: sending what is due, handing on what comes.

See wire.pyi. What is to be sent is appended to `plain` and goes out with `flush`, as far as the socket takes it. All
that one wake-up of the poller brings is a turn. Knows no protocol.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdint cimport uint8_t, uint32_t, uint64_t

import ssl

from surgeline._native.http_connection import (
    NO_MEMORY, STAGE_CLOSED, STAGE_CONNECT, STAGE_PARSE, STAGE_RECEIVE, STAGE_RESOLVE, STAGE_SEND, STAGE_TLS,
)
from surgeline._native.connector cimport Connector
from surgeline._native.poller cimport sl_now

cdef extern from "sys/epoll.h" nogil:
    uint32_t EPOLLIN, EPOLLOUT

cdef extern from "sys/socket.h" nogil:
    ssize_t send(int, const void *, size_t, int)
    ssize_t recv(int, void *, size_t, int)
    int MSG_NOSIGNAL

# Buffers above this are given back when they are empty.
cdef size_t KEPT = 64 * 1024
TlsError = ssl.SSLError


cdef class Wire(Connector):
    def __dealloc__(self):
        sl_buffer_free(&self.plain)
        sl_buffer_free(&self.sealed)

    # What a protocol makes of it

    cdef int on_open(self) except -1:
        """The connection stands."""
        return 0

    cdef int on_bytes(self, const uint8_t *data, size_t size) except -1:
        return 0

    cdef int on_failed(self, str stage, int number, object detail) except -1:
        """It came to nothing, or has ended: what is told are the stages of `http_connection`."""
        return 0

    cdef int begin_turn(self) except -1:
        return 0

    cdef int end_turn(self) except -1:
        """All that there was is handed on."""
        return self.flush()

    # Opening

    cdef int on_unresolved(self, object reason) except -1:
        return self.on_failed(STAGE_RESOLVE, 0, reason)

    cdef int open(self) except -1:
        self.state = CONNECTING
        return Connector.open(self)

    cdef int on_unreachable(self, int number) except -1:
        return self.on_failed(STAGE_CONNECT, number, None)

    cdef int on_connected(self) except -1:
        if self.origin.tls is not None:
            return self.start_tls()
        self.state = OPEN
        return self.on_open()

    cdef int start_tls(self) except -1:
        self.state = HANDSHAKING
        try:
            self.tls = TlsStream(self.origin.tls, self.origin.host, self.session)
        except (TlsError, ValueError) as error:
            return self.on_failed(STAGE_TLS, 0, error)
        return self.handshake()

    cdef int handshake(self) except -1:
        cdef bint is_over
        try:
            is_over = self.tls.handshake()
        except TlsError as error:
            Wire.flush(self)  # the alert that tells the server why
            return self.on_failed(STAGE_TLS, 0, error)
        Wire.flush(self)
        if not is_over:
            return 0
        self.state = OPEN
        return self.on_open()

    # Sending

    cdef int seal(self) except -1:
        """Let TLS take what is to be sent, and take what it wants to send itself."""
        cdef bytes records
        if self.plain.size and self.state == OPEN:
            self.tls.write(PyBytes_FromStringAndSize(<const char *>self.plain.data, <Py_ssize_t>self.plain.size))
            sl_buffer_empty(&self.plain, KEPT)
        if self.tls.wants_to_send():
            records = self.tls.take()
            if sl_buffer_append(
                    &self.sealed, <const uint8_t *>PyBytes_AS_STRING(records), <size_t>PyBytes_GET_SIZE(records)):
                raise MemoryError
        return 0

    cdef int flush(self) except -1:
        """Send what the socket takes. An error is told when the server's last words are read, where the poller brings us."""
        cdef sl_buffer *out = &self.plain if self.tls is None else &self.sealed
        cdef ssize_t taken
        if self.state == CLOSED or self.fd < 0:
            return 0
        if self.tls is not None:
            try:
                self.seal()
            except TlsError as error:
                return self.on_failed(STAGE_TLS, 0, error)
        if out.size and not self.send_errno:
            taken = send(self.fd, out.data, out.size, MSG_NOSIGNAL)
            if taken > 0:
                self.bytes_sent += <uint64_t>taken
                sl_buffer_drop(out, <size_t>taken)
            elif taken < 0 and errno != EAGAIN and errno != EINTR:
                self.send_errno = errno
        if self.send_errno or not out.size:
            sl_buffer_empty(out, KEPT)
        if self.wants_write != (out.size > 0):
            self.wants_write = out.size > 0
            self.rewatch(EPOLLIN | EPOLLOUT if self.wants_write else EPOLLIN)
        return 0

    # Receiving

    cdef int on_ready(self, uint32_t events) except -1:
        """What there is no memory for fails; it does not end the run."""
        try:
            return self.take_turn(events)
        except MemoryError:
            return self.on_failed(STAGE_PARSE, NO_MEMORY, None)

    cdef int take_turn(self, uint32_t events) except -1:
        self.begin_turn()
        try:
            if self.state == CONNECTING:
                self.finish_connecting()
            else:
                if events & EPOLLOUT and self.wants_write:
                    self.flush()
                if events & ~EPOLLOUT and self.state != CLOSED:
                    self.receive()
        finally:
            self.end_turn()
        return 0

    cdef int receive(self) except -1:
        """Take a buffer of what the socket has; the poller comes back for the rest."""
        cdef ssize_t size = recv(self.fd, self.poller.buffer, self.poller.buffer_size, 0)
        self.poller.now = sl_now()
        if size < 0:
            if errno == EAGAIN or errno == EINTR:
                return 0
            return self.on_failed(STAGE_TLS if self.state == HANDSHAKING else STAGE_RECEIVE, errno, None)
        self.bytes_received += <uint64_t>size
        if size == 0:
            return self.receive_end()
        if self.tls is not None:
            return self.receive_tls(<size_t>size)
        return self.on_bytes(<const uint8_t *>self.poller.buffer, <size_t>size)

    cdef int receive_end(self) except -1:
        if self.state == HANDSHAKING:
            return self.on_failed(STAGE_TLS, 0, "the server closed the connection during the handshake")
        if self.send_errno:
            return self.on_failed(STAGE_SEND, self.send_errno, None)
        return self.on_failed(STAGE_CLOSED, 0, None)

    cdef int receive_tls(self, size_t size) except -1:
        cdef bytes data
        self.tls.put(self.poller.buffer, <Py_ssize_t>size)
        if self.state == HANDSHAKING:
            self.handshake()
        while self.state == OPEN:
            try:
                data = self.tls.read()
            except TlsError as error:
                return self.on_failed(STAGE_TLS, 0, error)
            if data is None:
                return 0
            if not data:
                return self.receive_end()
            self.on_bytes(<const uint8_t *>PyBytes_AS_STRING(data), <size_t>PyBytes_GET_SIZE(data))
        return 0

    # Ending

    cdef int close(self) except -1:
        cdef bytes last
        if self.state == RESOLVING and self in self.origin.waiting:
            self.origin.waiting.remove(self)
        if self.state == OPEN and self.tls is not None and not self.sealed.size:
            last = self.tls.end()
            send(self.fd, PyBytes_AS_STRING(last), <size_t>PyBytes_GET_SIZE(last), MSG_NOSIGNAL)
        self.state = CLOSED
        return self.unwatch_and_close()
