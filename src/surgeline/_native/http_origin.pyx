"""Where requests go, and all of a request but its body. See http_origin.pyi.

An origin knows its addresses, or has them looked up off the hot path; connections ask it which to try. Knows neither
sockets nor HTTP's answers.
"""

from libc.stdint cimport int64_t

from surgeline._native.http_outcomes cimport Endpoint
from surgeline._native.poller cimport Channel, sl_now

cdef int64_t LEFT_ALONE_NS = 1_000_000_000
cdef bytes LENGTH = b"Content-Length: "
cdef bytes CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


cdef class Dialer(Channel):
    cdef int on_resolved(self) except -1:
        return 0

    cdef int on_unresolved(self, object reason) except -1:
        return 0


cdef class Origin:
    def __init__(self, str scheme not None, str host not None, int port, tls, resolve, *, bytes tunnel=None,
                 str via=None, sources=(), bint rotate=True):
        self.scheme = scheme
        self.host = host
        self.port = port
        self.tls = tls
        self.resolve = resolve
        self.tunnel = tunnel
        self.via = via
        self.sources = {}
        for family, address in sources:
            self.sources.setdefault(family, []).append(address)
        self.rotate = rotate
        self.addresses = []
        self.refusing = []
        self.waiting = []

    def resolved(self, addresses, int64_t until_ns=0):
        self.resolving = False
        self.until = until_ns
        self.always_fresh = 0 < until_ns <= sl_now()
        if addresses != self.addresses:
            self.addresses = list(addresses)
            self.turn = 0
        self.refusing = [0] * len(self.addresses)
        waiting, self.waiting = self.waiting, []
        for dialer in waiting:
            (<Dialer>dialer).on_resolved()

    def unresolved(self, reason):
        self.resolving = False
        waiting, self.waiting = self.waiting, []
        for dialer in waiting:
            (<Dialer>dialer).on_unresolved(reason)

    cdef bint is_ready(self):
        """Can a connection be opened without waiting for a look-up?"""
        return bool(self.addresses) and not self.always_fresh

    cdef int dial(self, Dialer dialer) except -1:
        """Let it open its connection now, or when the name has been looked up."""
        if not self.is_ready():
            self.waiting.append(dialer)
            return self.ask()
        # Old addresses serve until there are new ones: no request waits for a look-up but the first.
        if self.until and sl_now() >= self.until:
            self.ask()
        return dialer.on_resolved()

    cdef int ask(self) except -1:
        if not self.resolving:
            self.resolving = True
            self.resolve(self)
        return 0

    cdef int begin_at(self):
        """Return the number of the address that a connection tries first: the next, or the one that last worked, and
        not one that refused within the last second while there are others."""
        cdef int count = <int>len(self.addresses), i, number
        cdef int64_t now = 0 if count == 1 else sl_now()
        for i in range(count):
            number = (self.turn + i) % count
            if now >= <int64_t>self.refusing[number]:
                break
        else:
            number = self.turn % count
        self.turn = number + self.rotate
        return number

    cdef int note(self, int number, bint refuses) except -1:
        if number < len(self.refusing):
            self.refusing[number] = sl_now() + LEFT_ALONE_NS if refuses else 0
        return 0

    cdef bytes source(self, int family, long user):
        """Return the address to send from, one for each user in turn; None for whichever the system takes."""
        cdef list of_family = self.sources.get(family)
        return None if of_family is None else of_family[user % len(of_family)]


cdef class Prepared:
    def __init__(self, Origin origin not None, Endpoint endpoint not None, str url not None, bytes head not None,
                 bint is_head, request=None):
        self.origin = origin
        self.endpoint = endpoint
        self.url = url
        self.head = head
        self.is_head = is_head
        self.request = request
        self.first_line = head.find(b"\n") + 1

    cdef bytes head_for(self, bytes fields, bytes body, object source):
        """Return the whole head: with more fields, and what says how long the body is."""
        cdef bytes head = self.head
        if fields is not None:
            head = head[:self.first_line] + fields + head[self.first_line:]
        if body is not None:
            return b"%b%d\r\n\r\n" % (head, len(body))
        if source is None:
            return head
        if source.length is None:
            return head[:len(head) - len(LENGTH)] + CHUNKED
        return b"%b%d\r\n\r\n" % (head, source.length)
