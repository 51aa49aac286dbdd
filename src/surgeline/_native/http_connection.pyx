"""One HTTP/1.1 connection over TCP, a Unix socket or TLS: it opens, sends, receives, and says what a hop came to.

See http_connection.pyi. A call that finds an idle connection costs one send, one receive and a handful of increments;
the script's task is resumed from inside the receive. Which connection a call gets, and whether another hop follows, its
pool decides. Knows nothing of scripts or metric names.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject, PyTypeObject
from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint32_t, uint64_t

import ssl

from surgeline._native.connector cimport Connector
from surgeline._native.http_call cimport BodyStream, CallOwner, Carrier, HttpCall
from surgeline._native.http_origin cimport Origin
from surgeline._native.http_outcomes cimport Endpoint, Outcome, RawResponse
from surgeline._native.iteration cimport UserState
from surgeline._native.poller cimport Poller, sl_now
from surgeline._native.tls_stream cimport TlsStream

cdef extern from "sys/epoll.h" nogil:
    uint32_t EPOLLIN, EPOLLOUT

cdef extern from "sys/uio.h" nogil:
    struct iovec:
        void *iov_base
        size_t iov_len

cdef extern from "sys/socket.h" nogil:
    ctypedef unsigned int socklen_t
    struct msghdr:
        void *msg_name
        socklen_t msg_namelen
        iovec *msg_iov
        size_t msg_iovlen
        void *msg_control
        size_t msg_controllen
        int msg_flags
    int setsockopt(int, int, int, const void *, socklen_t)
    ssize_t sendmsg(int, const msghdr *, int)
    ssize_t send(int, const void *, size_t, int)
    ssize_t recv(int, void *, size_t, int)
    int SOL_SOCKET, SO_RCVLOWAT, MSG_NOSIGNAL

# What `describe_error` is asked about: where a call failed. The errno or the parser's error goes with it.
STAGE_RESOLVE = "resolve"
STAGE_CONNECT = "connect"
STAGE_TUNNEL = "tunnel"
STAGE_TLS = "tls"
STAGE_BODY = "body"
STAGE_SEND = "send"
STAGE_RECEIVE = "receive"
STAGE_PARSE = "parse"
STAGE_CLOSED = "closed"
STAGE_TIMEOUT = "timeout"
STAGE_CONNECT_TIMEOUT = "connect timeout"
STAGE_CANCELLED = "cancelled"

LINE_TOO_LONG = <int>SL_HTTP_LINE_TOO_LONG
HEAD_TOO_LARGE = <int>SL_HTTP_HEAD_TOO_LARGE
TOO_MANY_HEADERS = <int>SL_HTTP_TOO_MANY_HEADERS
TOO_MANY_INTERIM = <int>SL_HTTP_TOO_MANY_INTERIM
EXTENSION_TOO_LARGE = <int>SL_HTTP_EXTENSION_TOO_LARGE
TRAILER_TOO_LARGE = <int>SL_HTTP_TRAILER_TOO_LARGE
BODY_TOO_LARGE = <int>SL_HTTP_BODY_TOO_LARGE
CLOSED_UNANSWERED = <int>SL_HTTP_CLOSED_UNANSWERED
NO_MEMORY = <int>SL_HTTP_NO_MEMORY
NO_END_MARK = -1

# A response larger than this does not keep its memory while the connection is idle.
cdef size_t KEPT_BODY = 64 * 1024

# Of an answer that somebody is to look at, for the load waits meanwhile: its bytes as they came, and decoded.
cdef size_t SHOWN_BODY = 64 * 1024
cdef uint64_t SHOWN_DECODED = 1024 * 1024
# A body from a file goes out in pieces of this size, so many of them before others have their turn.
cdef int PIECE = 64 * 1024
cdef int MOST_PIECES_AT_ONCE = 8
# While so much of a body is to come, it is taken in parts of this size.
cdef uint64_t LARGE = 64 * 1024
cdef uint64_t AT_ONCE = 128 * 1024
TlsError = ssl.SSLError


def parse_error_text(int number):
    return (<bytes>sl_http_error_text(<sl_http_error>number)).decode()


cdef class Rules:
    def __init__(self, *, size_t line_bytes, size_t head_bytes, size_t chunk_extension_bytes, size_t trailer_bytes,
                 uint64_t body_bytes, uint64_t decoded_bytes, uint64_t event_bytes, uint32_t headers, uint32_t interim,
                 int64_t timeout_ns, bint resume_tls=False, bint discard_bodies=False,
                 bint close_after_request=False, bint close_after_iteration=False):
        self.line_bytes = line_bytes
        self.head_bytes = head_bytes
        self.chunk_extension_bytes = chunk_extension_bytes
        self.trailer_bytes = trailer_bytes
        self.body_bytes = body_bytes
        self.decoded_bytes = decoded_bytes
        self.event_bytes = event_bytes
        self.headers = headers
        self.interim = interim
        self.timeout_ns = timeout_ns
        self.resume_tls = resume_tls
        self.discard_bodies = discard_bodies
        self.close_after_request = close_after_request
        self.close_after_iteration = close_after_iteration


cdef class Pool(CallOwner):
    """The connections of one user; what they need of who owns them."""

    cdef int open_connection(self, HttpCall call) except -1:
        cdef Connection connection = Connection(self, call.request.origin)
        self.connections.append(connection)
        connection.take(call)
        if not connection.origin.is_ready():
            call.lookup_started = sl_now()
        return connection.origin.dial(connection)

    cdef bint may_go_on(self, HttpCall call, const sl_http *parser) except -1:
        """May another hop follow the one that is being answered, so that its body is of no use?"""
        return False

    cdef int go_on(self, HttpCall call, RawResponse response) except -1:
        """A hop is over: begin the next, or finish the call."""
        return call.finish(response)


cdef tuple NO_ARGUMENTS = ()


cdef RawResponse new_response(type kind):
    """kind.__new__(kind), without the look-up and the call."""
    return (<PyTypeObject *>kind).tp_new(kind, <PyObject *>NO_ARGUMENTS, NULL)


cdef class Connection(Carrier):
    def __cinit__(self, Pool pool not None, Origin origin not None):
        cdef Rules rules = pool.rules
        self.poller = pool.poller
        self.pool = pool
        self.origin = origin
        self.state = RESOLVING
        self.awaited = 1
        sl_http_init(&self.parser)
        self.parser.max_line_bytes = rules.line_bytes
        self.parser.max_head_bytes = rules.head_bytes
        self.parser.max_chunk_extension_bytes = rules.chunk_extension_bytes
        self.parser.max_trailer_bytes = rules.trailer_bytes
        self.parser.max_headers = rules.headers
        self.parser.max_interim = rules.interim

    def __dealloc__(self):
        sl_http_free(&self.parser)

    cdef int take(self, HttpCall call) except -1:
        self.call = call
        call.connection = self
        sl_http_reset(&self.parser, call.request.is_head)
        self.parser.body_use = <uint8_t>call.body_use
        self.parser.max_body_bytes = call.max_body
        return 0

    # Opening

    cdef int on_unresolved(self, object reason) except -1:
        return self.fail(STAGE_RESOLVE, 0, reason)

    cdef int open(self) except -1:
        if not self.call.connect_started:
            self.call.connect_started = sl_now()
        self.state = CONNECTING
        return Connector.open(self)

    cdef bytes source(self, int family):
        return self.origin.source(family, self.pool.user.id) if self.origin.sources else None

    cdef int on_unreachable(self, int number) except -1:
        return self.fail(STAGE_CONNECT, number, self.origin.via)

    cdef int on_connected(self) except -1:
        self.call.connected = self.poller.now = sl_now()
        if self.origin.tunnel is not None:
            return self.start_tunnel()
        return self.opened(self.call.connected) if self.origin.tls is None else self.start_tls()

    cdef int start_tunnel(self) except -1:
        """Ask a proxy for a connection to the origin. A request of one line always fits into an empty socket."""
        cdef bytes asks = self.origin.tunnel
        cdef ssize_t taken
        self.state = TUNNELLING
        sl_http_reset(&self.parser, 0)
        self.parser.request_is_connect = 1
        taken = send(self.fd, PyBytes_AS_STRING(asks), <size_t>PyBytes_GET_SIZE(asks), MSG_NOSIGNAL)
        if taken > 0:
            self.call.bytes_sent += <uint64_t>taken
        if taken < PyBytes_GET_SIZE(asks):
            return self.fail(STAGE_TUNNEL, errno if taken < 0 else EAGAIN, None)
        return 0

    cdef int receive_tunnel(self, size_t size) except -1:
        cdef size_t consumed = 0
        cdef sl_http_status status = sl_http_feed(&self.parser, <const uint8_t *>self.poller.buffer, size, &consumed)
        if status == SL_HTTP_MORE and not self.parser.head_complete:
            return 0
        if status == SL_HTTP_ERROR:
            return self.fail(STAGE_TUNNEL, 0, parse_error_text(<int>self.parser.error))
        if not 200 <= self.parser.status <= 299:
            return self.fail(STAGE_TUNNEL, 0, self.parser.status)
        if consumed < size:
            return self.fail(STAGE_TUNNEL, 0, "bytes that nobody asked for")
        self.call.connected = self.poller.now
        self.take(self.call)
        return self.start_tls()

    cdef int start_tls(self) except -1:
        cdef dict sessions = self.pool.tls_sessions
        self.state = HANDSHAKING
        try:
            self.tls = TlsStream(
                self.origin.tls, self.origin.host, None if sessions is None else sessions.get(self.origin))
        except (TlsError, ValueError) as error:
            return self.fail(STAGE_TLS, 0, error)
        return self.handshake()

    cdef int handshake(self) except -1:
        cdef bint is_over
        try:
            is_over = self.tls.handshake()
        except TlsError as error:
            self.send_last_tls(self.tls.take())  # the alert that tells the server why
            return self.fail(STAGE_TLS, 0, error)
        self.flush_tls()
        if not is_over or self.state == CLOSED:
            return 0
        self.call.secured = self.poller.now = sl_now()
        return self.opened(self.call.secured)

    cdef int opened(self, int64_t now) except -1:
        self.pool.user.connect_failures = 0
        self.state = ACTIVE
        return self.begin(now)

    # Sending

    cdef int begin(self, int64_t now) except -1:
        """The connection is ours: send the request."""
        self.call.send_started = now
        return self.send()

    cdef int send(self) except -1:
        cdef HttpCall call = self.call
        if self.tls is None:
            self.offset = 0
            return self.send_plain()
        try:
            self.tls.write(call.head if call.body is None else call.head + call.body)
        except TlsError as error:
            return self.fail(STAGE_TLS, 0, error)
        return self.flush_tls()

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
            # Every field: Cython leaves those that are not named as they happen to be.
            message = msghdr(msg_name=NULL, msg_namelen=0, msg_iov=&parts[first], msg_iovlen=2 - first,
                             msg_control=NULL, msg_controllen=0, msg_flags=0)
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
        if self.tls.wants_to_send():
            self.outgoing = (self.outgoing[self.offset:] if self.outgoing is not None else b"") + self.tls.take()
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
            if self.call.source is not None:
                return self.send_piece()
            self.call.sent = sl_now()
        if everything == self.wants_write:
            self.wants_write = not everything
            self.rewatch_as_needed()
        return 0

    cdef int send_piece(self) except -1:
        """Send the next piece of a body that is read while it is sent; after some, let others have their turn."""
        cdef HttpCall call = self.call
        if self.pieces_at_once >= MOST_PIECES_AT_ONCE:
            if not self.wants_write:
                self.wants_write = True
                self.rewatch_as_needed()
            return 0
        self.pieces_at_once += 1
        try:
            piece = call.source.read(PIECE)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            return self.fail(STAGE_BODY, 0, error) if self.call is call else 0
        if self.call is not call:
            return 0  # what makes the body ended the call
        if call.source.length is None:
            call.head = b"%x\r\n%b\r\n" % (len(piece), piece)
        else:
            call.head = piece
        if not piece:
            call.end_source()
        call.body = None
        return self.send() if call.head else self.after_send(True)

    cdef int rewatch_as_needed(self) except -1:
        return self.rewatch((0 if self.paused else EPOLLIN) | (EPOLLOUT if self.wants_write else 0))

    cdef int send_last_tls(self, bytes data) except -1:
        """Send what TLS has left to say, an alert or its end mark. The connection ends, so whether it arrives is open."""
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
        """A response that there is no memory for fails; it does not end the run."""
        try:
            return self.take_turn(events)
        except MemoryError:
            return self.close() if self.call is None else self.fail(STAGE_PARSE, NO_MEMORY, None)

    cdef int take_turn(self, uint32_t events) except -1:
        if self.state == CONNECTING:
            return self.finish_connecting()
        if events & EPOLLOUT and self.wants_write:
            self.pieces_at_once = 0
            if self.tls is not None:
                self.flush_tls()
                if self.state == ACTIVE and self.outgoing is None and self.wants_write:
                    self.after_send(True)
            elif self.offset == <size_t>PyBytes_GET_SIZE(self.call.head) and self.call.body is None:
                self.after_send(True)  # it was only another's turn
            else:
                self.send_plain()
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
        if self.state == TUNNELLING:
            self.receive_tunnel(<size_t>size)
        elif self.tls is not None:
            self.receive_tls(<size_t>size)
        else:
            self.feed(<const uint8_t *>poller.buffer, <size_t>size)
        return 1

    cdef int receive_failed(self, int number) except -1:
        if self.call is None:
            return self.close()
        if self.state == HANDSHAKING:
            return self.fail(STAGE_TLS, number, None)
        if self.state == TUNNELLING:
            return self.fail(STAGE_TUNNEL, number, None)
        return self.lose(STAGE_RECEIVE, number, None)

    cdef int receive_end(self) except -1:
        if self.state == HANDSHAKING:
            return self.fail(STAGE_TLS, 0, "the server closed the connection during the handshake")
        if self.state == TUNNELLING:
            return self.fail(STAGE_TUNNEL, 0, "the proxy closed the connection")
        if self.tls is not None and sl_http_started(&self.parser):
            # Without TLS's own end mark, a body that is read until close could have been cut by anyone.
            return self.fail(STAGE_CLOSED, NO_END_MARK, None)
        return self.end_of_stream()

    cdef int end_of_stream(self) except -1:
        if sl_http_end(&self.parser) == SL_HTTP_DONE:
            if not self.call.first_byte:
                self.call.first_byte = self.poller.now
            return self.complete() if self.call.stream is None else self.feed_stream(SL_HTTP_DONE)
        if self.send_errno:
            return self.lose(STAGE_SEND, self.send_errno, None)
        return self.lose(STAGE_CLOSED, <int>self.parser.error, None)

    cdef int receive_tls(self, size_t size) except -1:
        cdef bytes data
        self.tls.put(self.poller.buffer, <Py_ssize_t>size)
        if self.state == HANDSHAKING:
            self.handshake()
        while self.state == ACTIVE:
            try:
                data = self.tls.read()
            except TlsError as error:
                return self.fail(STAGE_TLS, 0, error)
            if data is None:
                return self.flush_tls() if self.tls.wants_to_send() else 0
            if not data:
                return self.end_of_stream()
            self.feed(<const uint8_t *>PyBytes_AS_STRING(data), <size_t>PyBytes_GET_SIZE(data))
        return 0

    cdef int receive_idle_tls(self, ssize_t size) except -1:
        """Between responses TLS may still speak (session tickets, a key update); data or an end may not come."""
        self.tls.put(self.poller.buffer, size)
        return self.close() if self.tls.has_more() else self.flush_tls()

    cdef int feed(self, const uint8_t *data, size_t size) except -1:
        cdef size_t consumed = 0
        cdef uint64_t to_come
        cdef sl_http_status status
        if not self.call.first_byte:
            self.call.first_byte = self.poller.now
        status = sl_http_feed(&self.parser, data, size, &consumed)
        if status == SL_HTTP_ERROR:
            return self.fail(STAGE_PARSE, <int>self.parser.error, None)
        if status == SL_HTTP_DONE and (
                consumed < size or (self.tls is not None and self.parser.keep_alive and self.tls.has_more())):
            self.parser.keep_alive = 0  # bytes that nobody asked for: the connection is not to be trusted
        if self.parser.body_use == SL_HTTP_STREAM and self.parser.head_complete:
            return self.feed_stream(status)
        if status == SL_HTTP_DONE:
            if self.parser.body_use == SL_HTTP_DISCARD and self.parser.status >= 400 and self.parser.status != 401:
                # The only place where there is anything of it; mostly all, for such answers are short.
                self.show(self.outcome(self.call, self.pool.unread), self.call, data, consumed)
            return self.complete()
        to_come = sl_http_to_come(&self.parser)
        if self.tls is None and to_come:
            return self.await_bytes(<int>min(to_come, AT_ONCE) if to_come >= LARGE else 1)
        return 0

    cdef int await_bytes(self, int count) except -1:
        """Be told of so many bytes, not of each packet, while the rest of a large body comes: to wake us costs the server
        as much as to send."""
        if count != self.awaited:
            self.awaited = count
            setsockopt(self.fd, SOL_SOCKET, SO_RCVLOWAT, &count, sizeof(count))
        return 0

    cdef int feed_stream(self, sl_http_status status) except -1:
        """Hand on what there is of a body; its first piece ends the call, the last one the hop. What wakes the script
        comes last: it may do anything with this connection."""
        cdef HttpCall call = self.call
        cdef BodyStream stream = call.stream
        cdef RawResponse response
        cdef bint is_first = stream is None
        if is_first:
            if self.pool.may_go_on(call, &self.parser):
                # Kept: if no hop follows after all, it is the script's.
                self.parser.body_use = SL_HTTP_KEEP
                self.parser.max_body_bytes = self.pool.rules.body_bytes
                return 0 if status == SL_HTTP_MORE else self.complete()
            response = self.respond(call)
            stream = call.stream = BodyStream(call, response)
            response.ok = not self.outcome(call, response).is_failure
        else:
            response = stream.response
        if self.parser.body_size:
            stream.push(PyBytes_FromStringAndSize(<const char *>self.parser.body, <Py_ssize_t>self.parser.body_size))
            sl_http_release_body(&self.parser)
        if is_first or stream.pieces:
            call.deadline = INT64_MAX  # until the script waits for more, however long it takes over this
        if status == SL_HTTP_DONE:
            self.finish_hop(response)
            stream.end()
        if is_first:
            response.stream = stream
            return self.pool.go_on(call, response)
        return stream.wake()

    cdef int pause(self, bint paused) except -1:
        if self.state == ACTIVE:
            self.paused = paused
            self.rewatch_as_needed()
        return 0

    cdef int expect_more(self, int64_t timeout) except -1:
        self.call.deadline = sl_now() + timeout
        return self.pool.arm(self.call.deadline)

    # Ending

    cdef int complete(self) except -1:
        cdef HttpCall call = self.call
        cdef bint is_notable = (
            call.exchange is not None or self.parser.has_set_cookie or self.pool.may_go_on(call, &self.parser))
        # No script will look at the answer of a call that native code follows.
        cdef RawResponse response = self.respond(call) if call.follower is None or is_notable else self.pool.unread
        self.finish_hop(response)
        return self.pool.go_on(call, response) if is_notable else call.finish(response)

    cdef RawResponse finish_hop(self, RawResponse response):
        """The answer is there: let go of the call, keep or close the connection, and take the sample."""
        cdef HttpCall call = self.call
        cdef Outcome outcome = self.outcome(call, response)
        if outcome.to_show:
            self.show(outcome, call, self.parser.body, self.parser.body_size)
        self.call = None
        call.connection = None
        call.end_source()
        self.pool.user.connect_failures = 0
        response.body_size = self.parser.body_total
        if self.pool.tls_sessions is not None and self.tls is not None and not self.session_kept:
            # Not after the handshake: the ticket of TLS 1.3 comes with or after the first answer.
            self.session_kept = True
            self.pool.tls_sessions[self.origin] = self.tls.session()
        if self.awaited != 1 and self.state != CLOSED:
            self.await_bytes(1)
        # A request that was not sent to its end leaves a connection on which nothing can follow.
        if (self.parser.keep_alive and call.sent and not self.pool.closed and not self.paused
                and not self.pool.rules.close_after_request):
            self.rest()
        else:
            self.close()
        call.measure(outcome, response, self.poller.now, self.origin.tls is not None)
        response.ok = not outcome.is_failure
        response.error_code = outcome.error_code
        return response

    cdef Outcome outcome(self, HttpCall call, RawResponse response):
        cdef Endpoint endpoint = call.request.endpoint
        if self.parser.status == 401 and call.exchange is not None:
            endpoint = call.exchange.endpoint_of_challenge(call.request, response)
        if self.tls is None:
            return endpoint.answer(self.parser.status, self.parser.minor_version, 0, None)
        return endpoint.answer(self.parser.status, self.parser.minor_version, self.tls.number, self.tls.version)

    cdef int show(self, Outcome outcome, HttpCall call, const uint8_t *body, size_t size) except -1:
        """Let somebody look at the front of an answer, before its memory is used for the next. Few are shown."""
        cdef RawResponse response
        if outcome.to_show and size:
            outcome.to_show -= 1
            response = self.respond_without_body(call)
            response.raw_body = PyBytes_FromStringAndSize(<const char *>body, <Py_ssize_t>min(size, SHOWN_BODY))
            response.decoded_bytes = min(response.decoded_bytes, SHOWN_DECODED)
            outcome.witness(response)
        return 0

    cdef int rest(self) except -1:
        self.state = IDLE
        if self.parser.body_size > KEPT_BODY:
            sl_http_reset(&self.parser, 0)
        idle = self.pool.idle.get(self.origin)
        if idle is None:
            self.pool.idle[self.origin] = [self]
        else:
            (<list>idle).append(self)
        return 0

    cdef RawResponse respond(self, HttpCall call):
        cdef RawResponse response = self.respond_without_body(call)
        if self.parser.body_use == SL_HTTP_KEEP:
            response.raw_body = PyBytes_FromStringAndSize(
                <const char *>self.parser.body, <Py_ssize_t>self.parser.body_size)
        return response

    cdef RawResponse respond_without_body(self, HttpCall call):
        cdef RawResponse response = new_response(self.pool.response_class)
        response.url = call.request.url
        response.status = self.parser.status
        response.is_encoded = self.parser.has_content_encoding
        response.is_discarded = self.parser.body_use == SL_HTTP_DISCARD
        response.decoded_bytes = self.pool.rules.decoded_bytes
        response.event_bytes = self.pool.rules.event_bytes
        response.head = PyBytes_FromStringAndSize(<const char *>self.parser.head, <Py_ssize_t>self.parser.head_size)
        response.raw_body = b""
        return response

    cdef int lose(self, str stage, int number, detail) except -1:
        """The server is gone. It may end a kept connection just as a request goes out on it: then that is sent again on
        a new one, if no harm can come of it (RFC 9110 9.2.2), as browsers and Go's client do."""
        cdef HttpCall call = self.call
        cdef bint was_kept = not call.connect_started
        cdef bint is_harmless = not call.is_read and (call.request.endpoint.repeatable or not call.bytes_sent)
        if not was_kept or not is_harmless or sl_http_started(&self.parser) or self.pool.closed:
            return self.fail(stage, number, detail)
        self.call = None
        self.close()
        call.send_started = call.sent = 0
        return self.pool.open_connection(call)

    cdef int time_out(self) except -1:
        if self.state == RESOLVING:
            return self.fail(STAGE_RESOLVE, 0, "timed out")
        if self.state == TUNNELLING:
            return self.fail(STAGE_TUNNEL, 0, "timed out")
        if self.state == HANDSHAKING:
            return self.fail(STAGE_TLS, 0, "the handshake timed out")
        if self.state == CONNECTING:
            return self.fail(STAGE_CONNECT_TIMEOUT, 0, self.origin.via)
        return self.fail(STAGE_TIMEOUT, 0, None)

    cdef int fail(self, str stage, int number, detail) except -1:
        """The hop failed: a sample with an error code, and a response that says why."""
        cdef HttpCall call = self.call
        cdef BodyStream stream = call.stream
        cdef RawResponse response
        cdef TlsStream tls = self.tls
        # Who cannot connect fails at once; this count is what keeps the closed model from spinning.
        if self.state < ACTIVE and stage is not STAGE_CANCELLED:
            self.pool.user.connect_failures += 1
        self.close()
        self.poller.now = sl_now()
        code, text = self.pool.describe_error(stage, number, detail)
        self.call = call.connection = None
        call.end_source()
        if stream is None:
            response = new_response(self.pool.response_class)
            response.url = call.request.url
            response.head = response.raw_body = b""
        else:
            response = stream.response
            response.ok = False
        response.error_code = code
        response.error = text
        outcome = call.request.endpoint.failure(
            code, text, 0 if tls is None else tls.number, None if tls is None else tls.version)
        call.measure(outcome, response, self.poller.now, self.origin.tls is not None)
        if stream is not None:
            stream.end()
            return stream.wake()
        if call.exchange is None or stage is STAGE_CANCELLED:
            return call.finish(response)
        return self.pool.go_on(call, response)

    cdef int abandon(self) except -1:
        """Cancelled: counted as abandoned where the run itself ends it, else as a failed request like any other."""
        if not self.pool.user.interrupted and not self.pool.closed:
            return self.fail(STAGE_CANCELLED, 0, None)
        return self.abandon_call()

    cdef int abandon_call(self) except -1:
        cdef HttpCall call = self.call
        self.pool.user.abandoned += 1
        call.connection = None
        call.end_source()
        self.call = None
        return self.close()

    cdef int leave(self) except -1:
        """A script has seen enough of a body: its request was answered, with as much as was read."""
        cdef HttpCall call = self.call
        if self.pool.user.interrupted or self.pool.closed:
            return self.abandon_call()
        self.parser.keep_alive = 0
        self.poller.now = sl_now()
        self.finish_hop(call.stream.response)
        return 0

    cdef int close(self) except -1:
        if self.state == CLOSED:
            return 0
        if self.state == IDLE:
            (<list>self.pool.idle[self.origin]).remove(self)
            if self.tls is not None:
                self.send_last_tls(self.tls.end())
        if self.state == RESOLVING and self in self.origin.waiting:
            self.origin.waiting.remove(self)
        self.state = CLOSED
        self.pool.connections.remove(self)
        self.unwatch_and_close()
        self.outgoing = None
        self.tls = None
        return 0
