"""Connecting: a socket to one address of an origin after the other, until one lets us. See connector.pyi.

Knows neither TLS nor what is said on a connection.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport EADDRNOTAVAIL, EINPROGRESS, EMFILE, ENFILE, errno
from libc.stdint cimport uint32_t

cdef extern from "sys/epoll.h" nogil:
    uint32_t EPOLLIN, EPOLLOUT

cdef extern from "unistd.h" nogil:
    int close(int)

cdef extern from "sys/socket.h" nogil:
    struct sockaddr:
        pass
    ctypedef unsigned int socklen_t
    int socket(int, int, int)
    int bind(int, const sockaddr *, socklen_t)
    int connect(int, const sockaddr *, socklen_t)
    int setsockopt(int, int, int, const void *, socklen_t)
    int getsockopt(int, int, int, void *, socklen_t *)
    int SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC, SOL_SOCKET, SO_ERROR

cdef extern from "netinet/tcp.h" nogil:
    int TCP_NODELAY

cdef extern from "netinet/in.h" nogil:
    int IPPROTO_TCP, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT


cdef int bind_to(int fd, bytes source):
    """Returns 0 or an errno. The port is chosen at connect, so that it only has to differ for one target."""
    cdef int on = 1
    if source is None:
        return 0
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on))
    if bind(fd, <const sockaddr *>PyBytes_AS_STRING(source), <socklen_t>PyBytes_GET_SIZE(source)):
        return errno
    return 0


cdef class Connector(Dialer):
    cdef bytes source(self, int family):
        """Return the address to send from; None for whichever the system takes."""
        return None

    cdef int on_connected(self) except -1:
        return 0

    cdef int on_unreachable(self, int number) except -1:
        """No address let us connect; `number` is the last one's errno."""
        return 0

    cdef int on_resolved(self) except -1:
        return self.open()

    cdef int open(self) except -1:
        """Connect to one address of the origin; each that fails is followed by the next."""
        cdef int number = 0, on = 1
        cdef bytes address
        if not self.attempts:
            self.first = self.origin.begin_at()
        family, address = self.origin.addresses[(self.first + self.attempts) % len(self.origin.addresses)]
        self.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
        if self.fd < 0:
            return self.connect_failed(errno)
        setsockopt(self.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
        number = bind_to(self.fd, self.source(family))
        if not number and connect(
                self.fd, <const sockaddr *>PyBytes_AS_STRING(address), <socklen_t>PyBytes_GET_SIZE(address)):
            number = errno
        if not number or number == EINPROGRESS:
            try:
                return self.watch(EPOLLOUT)
            except OSError as error:
                number = error.errno
        close(self.fd)  # it is not watched
        self.fd = -1
        return self.connect_failed(number)

    cdef int connect_failed(self, int number) except -1:
        if number != EMFILE and number != ENFILE and number != EADDRNOTAVAIL:  # those are our own affair
            self.origin.note((self.first + self.attempts) % <int>len(self.origin.addresses), True)
        self.attempts += 1
        if self.attempts < len(self.origin.addresses):
            self.unwatch_and_close()
            return self.open()
        return self.on_unreachable(number)

    cdef int finish_connecting(self) except -1:
        """The socket can be written to: it is connected, or it is not."""
        cdef int number = 0
        cdef socklen_t size = sizeof(number)
        getsockopt(self.fd, SOL_SOCKET, SO_ERROR, &number, &size)
        if number:
            return self.connect_failed(number)
        self.origin.note((self.first + self.attempts) % <int>len(self.origin.addresses), False)
        self.rewatch(EPOLLIN)
        return self.on_connected()
