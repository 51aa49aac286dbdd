cdef class TlsStream:
    cdef object stream, incoming, outgoing
    cdef readonly str version
    cdef readonly int number
    cdef bint handshake(self) except -1
    cdef int put(self, const char *data, Py_ssize_t size) except -1
    cdef bytes take(self)
    cdef int write(self, bytes data) except -1
    cdef bytes read(self)
    cdef bint has_more(self)
    cdef bint wants_to_send(self)
    cdef bytes end(self)
    cdef object session(self)
