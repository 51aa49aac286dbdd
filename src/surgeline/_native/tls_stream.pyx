"""TLS between memory and memory: Python's own OpenSSL, which neither reads nor writes a socket. See tls_stream.pyi."""

from cpython.bytes cimport PyBytes_FromStringAndSize

import ssl

# What is read at once: no record holds more.
cdef int RECORD = 16 * 1024
cdef dict NUMBERS = {"TLSv1": 1, "TLSv1.1": 2, "TLSv1.2": 3, "TLSv1.3": 4}
WantsMore = ssl.SSLWantReadError
TlsError = ssl.SSLError


cdef class TlsStream:
    def __init__(self, context not None, str host not None, session=None):
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.stream = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host, session=session)

    cdef bint handshake(self) except -1:
        """Go on with the handshake; is it over? Raises ssl.SSLError."""
        try:
            self.stream.do_handshake()
        except WantsMore:
            return False
        self.version = self.stream.version()
        self.number = NUMBERS.get(self.version, 0)
        return True

    cdef int put(self, const char *data, Py_ssize_t size) except -1:
        """Take what came from the socket."""
        self.incoming.write(PyBytes_FromStringAndSize(data, size))
        return 0

    cdef bytes take(self):
        """Return what is to go to the socket."""
        return self.outgoing.read()

    cdef bint wants_to_send(self):
        return self.outgoing.pending > 0

    cdef int write(self, bytes data) except -1:
        """TLS may take less than it is given."""
        cdef Py_ssize_t taken = self.stream.write(data)
        while taken < len(data):
            taken += self.stream.write(memoryview(data)[taken:])
        return 0

    cdef bytes read(self):
        """Return what one record held, b"" at the end that TLS marks, None where more has to come. Raises ssl.SSLError."""
        try:
            return self.stream.read(RECORD)
        except WantsMore:
            return None
        except ssl.SSLZeroReturnError:
            return b""

    cdef bint has_more(self):
        """Is there more, data or the end? What TLS says to itself, a ticket say, is neither."""
        if not self.incoming.pending and not self.stream.pending():
            return False
        try:
            return self.read() is not None
        except TlsError:
            return True

    cdef bytes end(self):
        """Return the end mark, for the socket; the other side's is not waited for."""
        try:
            self.stream.unwrap()
        except TlsError:
            pass
        return self.take()

    cdef object session(self):
        return self.stream.session
