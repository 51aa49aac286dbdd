from surgeline._native.http_origin cimport Dialer, Origin


cdef class Connector(Dialer):
    cdef Origin origin
    cdef int first, attempts    # the address that was tried first, and how many have failed since
    cdef int open(self) except -1
    cdef bytes source(self, int family)
    cdef int connect_failed(self, int number) except -1
    cdef int finish_connecting(self) except -1
    cdef int on_connected(self) except -1
    cdef int on_unreachable(self, int number) except -1
