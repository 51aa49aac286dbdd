"""HTTP/1.1 over TCP and TLS on the poller: connections, calls and what they measure. See http1.pyi.

A call that finds an idle connection costs one send, one receive and a handful of increments; the script's task is
resumed from inside the receive. Addresses, TLS contexts, endpoints and the response's class come from outside. Knows
nothing of scripts, virtual users or metric names.
"""

from cpython.object cimport PyObject, PyTypeObject
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.errno cimport EAGAIN, EINPROGRESS, EINTR, errno
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint32_t, uint64_t

import os
import ssl
from types import GenericAlias

from surgeline._native.iteration cimport UserState
from surgeline._native.http_outcomes cimport Endpoint, Outcome, RawResponse
from surgeline._native.poller cimport Channel, Completion, Poller, Wakeable, sl_now

cdef extern from "Python.h":
    int PyContextVar_Get(object, PyObject *, PyObject **) except -1
    void Py_DECREF(PyObject *)

cdef extern from "http1.h" nogil:
    ctypedef enum sl_http_status:
        SL_HTTP_MORE
        SL_HTTP_DONE
        SL_HTTP_ERROR
    ctypedef enum sl_http_error:
        SL_HTTP_HEAD_TOO_LARGE
        SL_HTTP_BODY_TOO_LARGE
        SL_HTTP_CLOSED_UNANSWERED
    ctypedef struct sl_http:
        int status
        int minor_version
        int keep_alive
        const uint8_t *head
        size_t head_size
        const uint8_t *body
        size_t body_size
        sl_http_error error
    void sl_http_init(sl_http *)
    void sl_http_free(sl_http *)
    void sl_http_reset(sl_http *, int)
    sl_http_status sl_http_feed(sl_http *, const uint8_t *, size_t, size_t *)
    sl_http_status sl_http_end(sl_http *)
    int sl_http_started(const sl_http *)
    const char *sl_http_error_text(sl_http_error)

cdef extern from "sys/epoll.h" nogil:
    uint32_t EPOLLIN, EPOLLOUT

cdef extern from "unistd.h" nogil:
    int close(int)

cdef extern from "sys/uio.h" nogil:
    struct iovec:
        void *iov_base
        size_t iov_len

cdef extern from "sys/socket.h" nogil:
    struct sockaddr:
        pass
    struct msghdr:
        iovec *msg_iov
        size_t msg_iovlen
    ctypedef unsigned int socklen_t
    int socket(int, int, int)
    int connect(int, const sockaddr *, socklen_t)
    int setsockopt(int, int, int, const void *, socklen_t)
    int getsockopt(int, int, int, void *, socklen_t *)
    ssize_t sendmsg(int, const msghdr *, int)
    ssize_t send(int, const void *, size_t, int)
    ssize_t recv(int, void *, size_t, int)
    int SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC, SOL_SOCKET, SO_ERROR, MSG_NOSIGNAL

cdef extern from "netinet/tcp.h" nogil:
    int TCP_NODELAY

cdef extern from "netinet/in.h" nogil:
    int IPPROTO_TCP

# What `Outcomes.describe_error` is asked about: where a call failed. The errno or the parser's error goes with it.
STAGE_RESOLVE = "resolve"
STAGE_CONNECT = "connect"
STAGE_TLS = "tls"
STAGE_SEND = "send"
STAGE_RECEIVE = "receive"
STAGE_PARSE = "parse"
STAGE_CLOSED = "closed"
STAGE_TIMEOUT = "timeout"
STAGE_CONNECT_TIMEOUT = "connect timeout"
STAGE_CANCELLED = "cancelled"

HEAD_TOO_LARGE = <int>SL_HTTP_HEAD_TOO_LARGE
BODY_TOO_LARGE = <int>SL_HTTP_BODY_TOO_LARGE
CLOSED_UNANSWERED = <int>SL_HTTP_CLOSED_UNANSWERED
NO_END_MARK = -1

# What TLS reads at once: no record holds more.
cdef int TLS_RECORD = 16 * 1024
# A response larger than this does not keep its memory while the connection is idle.
cdef size_t KEPT_BODY = 64 * 1024
cdef dict TLS_NUMBERS = {"TLSv1": 1, "TLSv1.1": 2, "TLSv1.2": 3, "TLSv1.3": 4}


def parse_error_text(int number):
    return (<bytes>sl_http_error_text(<sl_http_error>number)).decode()


cdef enum:
    RESOLVING
    CONNECTING
    HANDSHAKING
    ACTIVE
    IDLE
    CLOSED


cdef class Origin:
    """Where requests go: scheme, host and port, the socket addresses once known, and the TLS context."""
    cdef readonly str scheme, host
    cdef readonly int port
    cdef readonly object tls
    cdef readonly list addresses
    cdef readonly object resolve
    cdef list waiting
    cdef int preferred

    def __init__(self, str scheme not None, str host not None, int port, tls, resolve):
        self.scheme = scheme
        self.host = host
        self.port = port
        self.tls = tls
        self.resolve = resolve
        self.addresses = []
        self.waiting = []

    def resolved(self, addresses):
        """Take [(family, sockaddr bytes)] and start the connections that wait for them."""
        self.addresses = addresses
        waiting, self.waiting = self.waiting, []
        for connection in waiting:
            (<Connection>connection).open()

    def unresolved(self, reason):
        """The name has no address: fail the connections that wait for one."""
        waiting, self.waiting = self.waiting, []
        for connection in waiting:
            (<Connection>connection).fail(STAGE_RESOLVE, 0, reason)

    cdef int connect(self, Connection connection) except -1:
        """Open the connection now, or when the name has been looked up."""
        return connection.open() if self.addresses else self.want(connection)

    cdef int want(self, Connection connection) except -1:
        self.waiting.append(connection)
        if len(self.waiting) == 1:
            self.resolve(self)
        return 0


cdef class Prepared:
    """All of a request but its body. `head` is complete for a request without one; else it goes up to the value of
    Content-Length."""
    cdef readonly Origin origin
    cdef readonly Endpoint endpoint
    cdef readonly str url
    cdef readonly bytes head
    cdef readonly bint is_head

    def __init__(self, Origin origin not None, Endpoint endpoint not None, str url not None, bytes head not None,
                 bint is_head):
        self.origin = origin
        self.endpoint = endpoint
        self.url = url
        self.head = head
        self.is_head = is_head


def not_awaited(name):
    raise AttributeError(f"a request under way has no {name!r}; a response has it: was `await` forgotten?")


cdef tuple NO_ARGUMENTS = ()


cdef RawResponse new_response(type kind):
    """kind.__new__(kind), without the look-up and the call."""
    return (<PyTypeObject *>kind).tp_new(kind, <PyObject *>NO_ARGUMENTS, NULL)


cdef class HttpCall(Completion):
    cdef Connection connection
    cdef Prepared request
    cdef bytes head
    cdef bytes body
    cdef int64_t called, deadline, lateness
    # Stamps; 0 where that point was not reached.
    cdef int64_t connect_started, connected, secured, send_started, sent, first_byte
    cdef uint64_t bytes_sent, bytes_received

    # What scripts ask first of a response. Not __getattr__: that would slow down what asyncio asks of every call.
    status = property(lambda self: not_awaited("status"))
    ok = property(lambda self: not_awaited("ok"))
    json = property(lambda self: not_awaited("json"))
    text = property(lambda self: not_awaited("text"))
    headers = property(lambda self: not_awaited("headers"))

    def __dealloc__(self):
        self.note_if_forgotten()

    cdef int on_cancel(self) except -1:
        cdef Connection connection = self.connection  # abandoning ends our reference to it, maybe the last one
        if connection is not None:
            connection.abandon()
        return 0


cdef class Session(Wakeable):
    """The connections of one user. `describe_error(stage, number, detail)` gives (error code, text)."""
    __class_getitem__ = classmethod(GenericAlias)

    cdef Poller poller
    cdef object describe_error
    cdef type response_class
    cdef RawResponse unread
    cdef dict idle
    cdef list connections
    # The earliest deadline that a timer was set for, and the ones that it went before, the latest first.
    cdef int64_t armed
    cdef list armed_later
    cdef UserState user
    cdef bint closed

    cdef object place_var, place
    cdef public dict prepared_gets
    cdef int64_t timeout_ns

    def __init__(self, Poller poller not None, UserState user not None, describe_error, type response_class not None,
                 place_var, dict prepared_gets not None, int64_t timeout_ns):
        self.poller = poller
        self.user = user
        self.describe_error = describe_error
        self.response_class = response_class
        self.place_var = place_var
        self.prepared_gets = prepared_gets
        self.timeout_ns = timeout_ns
        self.unread = RawResponse()
        self.idle = {}
        self.connections = []
        self.armed_later = []

    def get(self, url, **options):
        # The plainest request there is, and the one that a generator is measured by.
        if not options:
            self.follow()
            prepared = self.prepared_gets.get(url)
            if prepared is not None:
                return self.start(<Prepared>prepared, None, self.timeout_ns)
        return self.request("GET", url, **options)

    cpdef int follow(self) except -1:
        """Let requests be prepared, and counted, where the task that runs is."""
        cdef PyObject *now = NULL
        PyContextVar_Get(self.place_var, NULL, &now)
        place = <object>now
        Py_DECREF(now)
        if place is not self.place and place is not None:
            self.place = place
            self.enter(place)
        return 0

    def call(self, Prepared request not None, bytes body, int64_t timeout_ns):
        return self.start(request, body, timeout_ns)

    cdef HttpCall start(self, Prepared request, bytes body, int64_t timeout_ns):
        cdef HttpCall call = HttpCall.__new__(HttpCall)
        cdef Connection connection
        cdef list idle
        if self.closed:
            raise RuntimeError("expected a request while the virtual user lives, found one after its end")
        call.poller = self.poller
        call.request = request
        call.head = request.head
        if body is not None:
            call.head = b"%b%d\r\n\r\n" % (call.head, len(body))
            call.body = body or None
        call.lateness = self.user.lateness_ns
        call.called = sl_now()
        call.deadline = call.called + timeout_ns
        if not self.armed or call.deadline < self.armed:
            self.arm(call.deadline)
        idle = self.idle.get(request.origin)
        if idle:
            connection = idle.pop()
            connection.take(call)
            connection.state = ACTIVE
            connection.begin(call.called)
        else:
            self.open_connection(call)
        return call

    def close(self):
        """Close every connection; calls under way are cancelled and counted as abandoned."""
        cdef Connection connection
        self.closed = True
        for connection in list(self.connections):
            if connection.call is not None:
                connection.call.cancel()
            else:
                connection.close()

    cdef int open_connection(self, HttpCall call) except -1:
        cdef Connection connection = Connection(self, call.request.origin)
        self.connections.append(connection)
        connection.take(call)
        return connection.origin.connect(connection)

    cdef int arm(self, int64_t deadline) except -1:
        if self.armed:
            self.armed_later.append(self.armed)
        self.armed = deadline
        self.poller.add_timer(deadline, self)
        return 0

    cdef int on_due(self, int64_t now) except -1:
        """Fail what is over its time; look again when the next one will be."""
        cdef int64_t next_deadline = INT64_MAX
        cdef Connection connection
        self.armed = self.armed_later.pop() if self.armed_later else 0
        for connection in list(self.connections):
            if connection.call is None:
                continue
            if connection.call.deadline <= now:
                connection.time_out()
            elif connection.call.deadline < next_deadline:
                next_deadline = connection.call.deadline
        if next_deadline != INT64_MAX and (not self.armed or next_deadline < self.armed):
            self.arm(next_deadline)
        return 0


cdef class Connection(Channel):
    cdef Session session
    cdef Origin origin
    cdef HttpCall call
    cdef sl_http parser
    cdef int state
    cdef int first, attempts    # the address that was tried first, and how many have failed since
    cdef int send_errno         # why sending failed, while what the server may have said before is read
    cdef bint wants_write
    cdef size_t offset          # how much of head and body (TLS: of `outgoing`) the socket has taken
    cdef object tls, tls_in, tls_out
    cdef bytes outgoing         # TLS records that the socket has not taken yet
    cdef str tls_version
    cdef int tls_number

    def __cinit__(self, Session session not None, Origin origin not None):
        self.poller = session.poller
        self.session = session
        self.origin = origin
        self.state = RESOLVING
        sl_http_init(&self.parser)

    def __dealloc__(self):
        sl_http_free(&self.parser)

    cdef int take(self, HttpCall call) except -1:
        self.call = call
        call.connection = self
        sl_http_reset(&self.parser, call.request.is_head)
        return 0

    # Opening

    cdef int open(self) except -1:
        """Connect to the address that last worked, or the next after one that did not."""
        cdef int number = 0, on = 1
        cdef bytes address
        if not self.call.connect_started:
            self.call.connect_started = sl_now()
        if not self.attempts:
            self.first = self.origin.preferred
        family, address = self.origin.addresses[(self.first + self.attempts) % len(self.origin.addresses)]
        self.state = CONNECTING
        self.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
        if self.fd < 0:
            return self.connect_failed(errno)
        setsockopt(self.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
        if connect(self.fd, <const sockaddr *>PyBytes_AS_STRING(address), <socklen_t>PyBytes_GET_SIZE(address)):
            number = errno
        if number and number != EINPROGRESS:
            return self.drop_and_fail(number)
        try:
            self.watch(EPOLLOUT)
        except OSError as error:
            return self.drop_and_fail(error.errno)
        return 0

    cdef int drop_and_fail(self, int number) except -1:
        """The descriptor is not watched yet."""
        close(self.fd)
        self.fd = -1
        return self.connect_failed(number)

    cdef int connect_failed(self, int number) except -1:
        self.attempts += 1
        if self.attempts < len(self.origin.addresses):
            self.unwatch_and_close()
            return self.open()
        return self.fail(STAGE_CONNECT, number, None)

    cdef int on_connected(self) except -1:
        cdef int number = 0
        cdef socklen_t size = sizeof(number)
        getsockopt(self.fd, SOL_SOCKET, SO_ERROR, &number, &size)
        if number:
            return self.connect_failed(number)
        self.origin.preferred = (self.first + self.attempts) % len(self.origin.addresses)
        self.call.connected = self.poller.now = sl_now()
        self.rewatch(EPOLLIN)
        return self.opened(self.call.connected) if self.origin.tls is None else self.start_tls()

    cdef int opened(self, int64_t now) except -1:
        self.session.user.connect_failures = 0
        self.state = ACTIVE
        return self.begin(now)

    cdef int start_tls(self) except -1:
        self.state = HANDSHAKING
        self.tls_in = ssl.MemoryBIO()
        self.tls_out = ssl.MemoryBIO()
        try:
            self.tls = self.origin.tls.wrap_bio(self.tls_in, self.tls_out, server_hostname=self.origin.host)
        except (ssl.SSLError, ValueError) as error:
            return self.fail(STAGE_TLS, 0, error)
        return self.handshake()

    cdef int handshake(self) except -1:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return self.flush_tls()
        except ssl.SSLError as error:
            self.send_last_tls()  # the alert that tells the server why
            return self.fail(STAGE_TLS, 0, error)
        self.flush_tls()
        if self.state == CLOSED:
            return 0
        self.tls_version = self.tls.version()
        self.tls_number = TLS_NUMBERS.get(self.tls_version, 0)
        self.call.secured = self.poller.now = sl_now()
        return self.opened(self.call.secured)

    # Sending

    cdef int begin(self, int64_t now) except -1:
        """The connection is ours: send the request."""
        self.call.send_started = now
        if self.tls is None:
            self.offset = 0
            return self.send_plain()
        try:
            self.write_tls(self.call.head if self.call.body is None else self.call.head + self.call.body)
        except ssl.SSLError as error:
            return self.fail(STAGE_TLS, 0, error)
        return self.flush_tls()

    cdef int write_tls(self, bytes data) except -1:
        """TLS may take less than it is given."""
        cdef Py_ssize_t taken = self.tls.write(data)
        while taken < len(data):
            taken += self.tls.write(memoryview(data)[taken:])
        return 0

    cdef int send_plain(self) except -1:
        cdef HttpCall call = self.call
        cdef size_t head_size = <size_t>PyBytes_GET_SIZE(call.head)
        cdef size_t total = head_size
        cdef iovec parts[2]
        cdef msghdr message
        cdef ssize_t taken
        cdef int first = 0
        parts[0].iov_base = PyBytes_AS_STRING(call.head) + self.offset
        parts[0].iov_len = head_size - self.offset
        if call.body is not None:
            total += <size_t>PyBytes_GET_SIZE(call.body)
            parts[1].iov_base = PyBytes_AS_STRING(call.body)
            parts[1].iov_len = total - head_size
            if self.offset >= head_size:
                first = 1
                parts[1].iov_base = PyBytes_AS_STRING(call.body) + (self.offset - head_size)
                parts[1].iov_len = total - self.offset
            message = msghdr(msg_iov=&parts[first], msg_iovlen=2 - first)
            taken = sendmsg(self.fd, &message, MSG_NOSIGNAL)
        else:
            taken = send(self.fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
        if taken < 0:
            if errno != EAGAIN and errno != EINTR:
                return self.fail_sending(errno)
            taken = 0
        self.offset += <size_t>taken
        call.bytes_sent += <uint64_t>taken
        return self.after_send(self.offset == total)

    cdef int flush_tls(self) except -1:
        """Move what TLS wants sent to the socket."""
        cdef ssize_t taken
        cdef size_t size
        if self.tls_out.pending:
            self.outgoing = (self.outgoing[self.offset:] if self.outgoing is not None else b"") + self.tls_out.read()
            self.offset = 0
        if self.outgoing is None:
            return 0
        size = <size_t>PyBytes_GET_SIZE(self.outgoing)
        taken = send(self.fd, PyBytes_AS_STRING(self.outgoing) + self.offset, size - self.offset, MSG_NOSIGNAL)
        if taken < 0:
            if errno != EAGAIN and errno != EINTR:
                return self.fail_sending(errno)
            taken = 0
        self.offset += <size_t>taken
        if self.call is not None:
            self.call.bytes_sent += <uint64_t>taken
        if self.offset == size:
            self.outgoing = None
            self.offset = 0
        return self.after_send(self.outgoing is None)

    cdef int after_send(self, bint everything) except -1:
        if everything and self.state == ACTIVE and self.call is not None and not self.call.sent:
            self.call.sent = sl_now()
        if everything == self.wants_write:
            self.wants_write = not everything
            self.rewatch(EPOLLIN | EPOLLOUT if self.wants_write else EPOLLIN)
        return 0

    cdef int send_last_tls(self) except -1:
        """Send what TLS has left to say, an alert or its end mark. The connection ends, so whether it arrives is open."""
        cdef bytes data = self.tls_out.read()
        if data and self.outgoing is None:
            send(self.fd, PyBytes_AS_STRING(data), <size_t>PyBytes_GET_SIZE(data), MSG_NOSIGNAL)
        return 0

    cdef int fail_sending(self, int number) except -1:
        """A server may answer and close before it has read the request: then the answer is worth more than the error."""
        cdef HttpCall call = self.call
        if call is None:
            return self.close()
        if self.state == HANDSHAKING:
            return self.fail(STAGE_TLS, number, None)
        self.send_errno = number
        while self.call is call and self.receive():
            pass
        if self.call is call:
            return self.lose(STAGE_SEND, number, None)
        return 0

    # Receiving

    cdef int on_ready(self, uint32_t events) except -1:
        if self.state == CONNECTING:
            return self.on_connected()
        if events & EPOLLOUT and self.wants_write:
            if self.tls is None:
                self.send_plain()
            else:
                self.flush_tls()
        if self.state != CLOSED and events & ~EPOLLOUT:
            self.receive()
        return 0

    cdef int receive(self) except -1:
        """Take a buffer of what the socket has; the poller comes back for the rest. Returns whether there was any."""
        cdef Poller poller = self.poller
        cdef ssize_t size = recv(self.fd, poller.buffer, poller.buffer_size, 0)
        poller.now = sl_now()
        if size < 0:
            if errno != EAGAIN and errno != EINTR:
                self.receive_failed(errno)
            return 0
        if self.call is None:
            # Nothing was asked: the server closed an idle connection, or talks out of turn.
            return self.close() if self.tls is None or size == 0 else self.receive_idle_tls(size)
        self.call.bytes_received += <uint64_t>size
        if size == 0:
            return self.receive_end()
        if self.tls is not None:
            self.receive_tls(<size_t>size)
        else:
            self.feed(<const uint8_t *>poller.buffer, <size_t>size)
        return 1

    cdef int receive_failed(self, int number) except -1:
        if self.call is None:
            return self.close()
        if self.state == HANDSHAKING:
            return self.fail(STAGE_TLS, number, None)
        return self.lose(STAGE_RECEIVE, number, None)

    cdef int receive_end(self) except -1:
        if self.state == HANDSHAKING:
            return self.fail(STAGE_TLS, 0, "the server closed the connection during the handshake")
        if self.tls is not None and sl_http_started(&self.parser):
            # Without TLS's own end mark, a body that is read until close could have been cut by anyone.
            return self.fail(STAGE_CLOSED, NO_END_MARK, None)
        return self.end_of_stream()

    cdef int end_of_stream(self) except -1:
        if sl_http_end(&self.parser) == SL_HTTP_DONE:
            if not self.call.first_byte:
                self.call.first_byte = self.poller.now
            return self.complete()
        if self.send_errno:
            return self.lose(STAGE_SEND, self.send_errno, None)
        return self.lose(STAGE_CLOSED, <int>self.parser.error, None)

    cdef int receive_tls(self, size_t size) except -1:
        self.tls_in.write(PyBytes_FromStringAndSize(self.poller.buffer, <Py_ssize_t>size))
        if self.state == HANDSHAKING:
            self.handshake()
            if self.state != ACTIVE:
                return 0
        while self.state == ACTIVE:
            try:
                data = self.tls.read(TLS_RECORD)
            except ssl.SSLWantReadError:
                if self.tls_out.pending:
                    self.flush_tls()
                return 0
            except ssl.SSLZeroReturnError:
                return self.end_of_stream()
            except ssl.SSLError as error:
                return self.fail(STAGE_TLS, 0, error)
            if not data:
                return self.end_of_stream()
            self.feed(<const uint8_t *>PyBytes_AS_STRING(data), <size_t>PyBytes_GET_SIZE(data))
        return 0

    cdef int receive_idle_tls(self, ssize_t size) except -1:
        """Between responses TLS may still speak (session tickets, a key update); data or an end may not come."""
        self.tls_in.write(PyBytes_FromStringAndSize(self.poller.buffer, size))
        try:
            self.tls.read(1)
        except ssl.SSLWantReadError:
            return self.flush_tls()
        except ssl.SSLError:
            pass
        return self.close()

    cdef bint has_more_tls(self) except -1:
        """Did more come with the response: bytes that nobody asked for, or the end? A ticket is neither."""
        if not self.tls_in.pending and not self.tls.pending():
            return False
        try:
            self.tls.read(1)
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            pass
        return True

    cdef int feed(self, const uint8_t *data, size_t size) except -1:
        cdef size_t consumed = 0
        cdef sl_http_status status
        if not self.call.first_byte:
            self.call.first_byte = self.poller.now
        status = sl_http_feed(&self.parser, data, size, &consumed)
        if status == SL_HTTP_MORE:
            return 0
        if status == SL_HTTP_ERROR:
            return self.fail(STAGE_PARSE, <int>self.parser.error, None)
        if consumed < size or (self.tls is not None and self.parser.keep_alive and self.has_more_tls()):
            self.parser.keep_alive = 0  # bytes that nobody asked for: the connection is not to be trusted
        return self.complete()

    # Ending

    cdef int complete(self) except -1:
        cdef HttpCall call = self.call
        cdef RawResponse response = self.respond(call)
        cdef Outcome outcome = call.request.endpoint.answer(
            self.parser.status, self.parser.minor_version, self.tls_number, self.tls_version)
        self.call = None
        call.connection = None
        self.session.user.connect_failures = 0
        # A request that was not sent to its end leaves a connection on which nothing can follow.
        if self.parser.keep_alive and call.sent and self.parser.status != 101 and not self.session.closed:
            self.rest()
        else:
            self.close()
        self.measure(call, outcome, response, self.poller.now)
        response.ok = not outcome.is_failure
        response.error_code = outcome.error_code
        return call.finish(response)

    cdef int rest(self) except -1:
        self.state = IDLE
        if self.parser.body_size > KEPT_BODY:
            sl_http_reset(&self.parser, 0)
        idle = self.session.idle.get(self.origin)
        if idle is None:
            self.session.idle[self.origin] = [self]
        else:
            (<list>idle).append(self)
        return 0

    cdef RawResponse respond(self, HttpCall call):
        cdef RawResponse response
        if call.follower is not None:
            # No script will look at it.
            response = self.session.unread
            response.connecting_ns = response.tls_ns = 0
            return response
        response = new_response(self.session.response_class)
        response.url = call.request.url
        response.status = self.parser.status
        response.head = PyBytes_FromStringAndSize(<const char *>self.parser.head, <Py_ssize_t>self.parser.head_size)
        response.body = PyBytes_FromStringAndSize(<const char *>self.parser.body, <Py_ssize_t>self.parser.body_size)
        return response

    cdef int lose(self, str stage, int number, detail) except -1:
        """The server is gone. It may end a kept connection just as a request goes out on it: then that is sent again on
        a new one, if no harm can come of it (RFC 9110 9.2.2), as browsers and Go's client do."""
        cdef HttpCall call = self.call
        cdef bint was_kept = not call.connect_started
        cdef bint is_harmless = call.request.endpoint.repeatable or not call.bytes_sent
        if not was_kept or not is_harmless or sl_http_started(&self.parser) or self.session.closed:
            return self.fail(stage, number, detail)
        self.call = None
        self.close()
        call.send_started = call.sent = 0
        return self.session.open_connection(call)

    cdef int time_out(self) except -1:
        if self.state == RESOLVING:
            return self.fail(STAGE_RESOLVE, 0, "timed out")
        if self.state == HANDSHAKING:
            return self.fail(STAGE_TLS, 0, "the handshake timed out")
        return self.fail(STAGE_CONNECT_TIMEOUT if self.state == CONNECTING else STAGE_TIMEOUT, 0, None)

    cdef int fail(self, str stage, int number, detail) except -1:
        """The call failed: a sample with an error code, and a response that says why."""
        cdef HttpCall call = self.call
        cdef RawResponse response
        # Who cannot connect fails at once; this count is what keeps the closed model from spinning.
        if self.state < ACTIVE and stage is not STAGE_CANCELLED:
            self.session.user.connect_failures += 1
        self.close()
        self.poller.now = sl_now()
        code, text = self.session.describe_error(stage, number, detail)
        self.call = call.connection = None
        response = new_response(self.session.response_class)
        response.url = call.request.url
        response.error_code = code
        response.error = text
        response.head = response.body = b""
        outcome = call.request.endpoint.failure(code, text, self.tls_number, self.tls_version)
        self.measure(call, outcome, response, self.poller.now)
        return call.finish(response)

    cdef int abandon(self) except -1:
        """Cancelled: counted as abandoned where the run itself ends it, else as a failed request like any other."""
        if not self.session.user.interrupted and not self.session.closed:
            return self.fail(STAGE_CANCELLED, 0, None)
        self.session.user.abandoned += 1
        self.call.connection = None
        self.call = None
        return self.close()

    cdef int close(self) except -1:
        if self.state == CLOSED:
            return 0
        if self.state == IDLE:
            (<list>self.session.idle[self.origin]).remove(self)
            if self.tls is not None:
                self.end_tls()
        if self.state == RESOLVING and self in self.origin.waiting:
            self.origin.waiting.remove(self)
        self.state = CLOSED
        self.session.connections.remove(self)
        self.unwatch_and_close()
        self.outgoing = self.tls_in = self.tls_out = None
        return 0

    cdef int end_tls(self) except -1:
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass  # the server's own end mark, which we do not wait for
        return self.send_last_tls()

    cdef int measure(self, HttpCall call, Outcome outcome, RawResponse response, int64_t end) except -1:
        """Split the time between the stamps; a stage that was not reached took none."""
        cdef int64_t got = call.send_started if call.send_started else end
        cdef int64_t sent = call.sent if call.sent else end
        cdef int64_t first = call.first_byte if call.first_byte else end
        response.blocked_ns = got - call.called
        if call.connect_started:
            response.connecting_ns = (call.connected if call.connected else end) - call.connect_started
            if call.connected and self.origin.tls is not None:
                response.tls_ns = (call.secured if call.secured else end) - call.connected
        if call.send_started:
            # An answer may come before the request is out: then sending ends where it begins.
            sent = min(sent, first)
            response.sending_ns = sent - got
            response.waiting_ns = first - sent
            response.receiving_ns = end - first
        return outcome.count(response, call.lateness, call.bytes_sent, call.bytes_received, call.send_started != 0)
