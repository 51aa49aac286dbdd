"""A call: what a script awaits, the stamps of the hop that is under way, and the body that comes in pieces.

See http_call.pyi. A call outlives its hops: each is a request of its own on some connection, and one sample. Knows no
socket and no parser.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from surgeline._native.connector cimport Connector
from surgeline._native.deadlines cimport Deadlines
from surgeline._native.http_origin cimport Prepared
from surgeline._native.http_outcomes cimport Outcome, RawResponse
from surgeline._native.poller cimport Completion, sl_now

# As much of a body is held for a script that is slower than the server; then the server has to wait.
cdef size_t MOST_HELD = 1024 * 1024
cdef bytes NO_BODY = b""


def not_awaited(name):
    raise AttributeError(f"a request under way has no {name!r}; a response has it: was `await` forgotten?")


cdef class Carrier(Connector):
    """What carries a hop: a connection."""

    cdef int abandon(self) except -1:
        """The call was cancelled."""
        return 0

    cdef int leave(self) except -1:
        """Nobody reads the rest of the body."""
        return 0

    cdef int pause(self, bint paused) except -1:
        """Stop reading from the server, or go on."""
        return 0

    cdef int expect_more(self, int64_t timeout) except -1:
        """Somebody waits for more of the body."""
        return 0


cdef class CallOwner(Deadlines):
    cdef int launch(self, HttpCall call) except -1:
        """Find the call's hop a connection."""
        return 0

    cdef int end_pause(self, HttpCall call) except -1:
        """The time before the call's next hop is over; the call itself may be, too."""
        return 0


cdef class HttpCall(Completion):
    # What scripts ask first of a response. Not __getattr__: that would slow down what asyncio asks of every call.
    status = property(lambda self: not_awaited("status"))
    ok = property(lambda self: not_awaited("ok"))
    json = property(lambda self: not_awaited("json"))
    text = property(lambda self: not_awaited("text"))
    headers = property(lambda self: not_awaited("headers"))

    async def __aenter__(self):
        self.cancel()
        raise TypeError("write: response = await vu.http.get(...), or: async with vu.http.stream(...) as response:")

    async def __aexit__(self, *_error):
        pass

    def __dealloc__(self):
        self.note_if_forgotten()

    cdef int begin_hop(self, Prepared request, bytes body, bytes fields, object source) except -1:
        """Make ready for the next hop: nothing of it has happened yet."""
        self.request = request
        self.head = request.head
        if body is not None or fields is not None or source is not None:
            self.head = request.head_for(fields, body, source)
        self.body = body or None
        self.source = source
        self.is_read = source is not None
        self.lookup_started = self.connect_started = self.connected = self.secured = 0
        self.send_started = self.sent = self.first_byte = 0
        self.bytes_sent = self.bytes_received = 0
        self.called = sl_now()
        return 0

    cdef int on_due(self, int64_t now) except -1:
        self.called = now
        return self.owner.end_pause(self)

    cdef int on_cancel(self) except -1:
        cdef Carrier connection = self.connection  # abandoning ends our reference to it, maybe the last one
        if connection is not None:
            connection.abandon()
        else:
            self.end_source()
        return 0

    cdef int end_source(self) except -1:
        """Close it. What a script's generator raises then is told, and is no matter of the request."""
        if self.source is None:
            return 0
        source, self.source = self.source, None
        try:
            source.close()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.poller.loop.call_exception_handler(
                {"message": "Exception when the body of a request was closed", "exception": error, "future": self})
        return 0

    cdef int measure(self, Outcome outcome, RawResponse response, int64_t end, bint over_tls) except -1:
        """Split the time between the stamps; a stage that was not reached took none."""
        cdef int64_t got = self.send_started if self.send_started else end
        cdef int64_t sent = self.sent if self.sent else end
        cdef int64_t first = self.first_byte if self.first_byte else end
        response.blocked_ns = got - self.called
        response.looking_up_ns = response.connecting_ns = response.tls_ns = 0
        if self.lookup_started:
            response.looking_up_ns = (self.connect_started if self.connect_started else end) - self.lookup_started
        if self.connect_started:
            response.connecting_ns = (self.connected if self.connected else end) - self.connect_started
            if self.connected and over_tls:
                response.tls_ns = (self.secured if self.secured else end) - self.connected
        if self.send_started:
            # An answer may come before the request is out: then sending ends where it begins.
            sent = min(sent, first)
            response.sending_ns = sent - got
            response.waiting_ns = first - sent
            response.receiving_ns = end - first
        return outcome.count(response, self.lateness, self.bytes_sent, self.bytes_received, self.send_started != 0)


cdef class BodyPiece(Completion):
    def __dealloc__(self):
        self.note_if_forgotten()

    cdef int on_cancel(self) except -1:
        if self.call is not None:
            self.call.deadline = INT64_MAX  # nobody waits any more
        return 0


cdef class BodyStream:
    def __init__(self, HttpCall call not None, RawResponse response not None):
        self.poller = call.poller
        self.call = call
        self.response = response
        self.pieces = []

    def read(self):
        cdef BodyPiece piece
        if self.reader is not None and not self.reader.done():
            raise RuntimeError("expected one task to read a response's body, found another that waits for it")
        piece = BodyPiece(self.poller)
        piece.call = self.call
        self.reader = piece
        if not self.pieces and not self.ended:
            self.call.connection.expect_more(self.call.timeout)
        else:
            self.wake()
        return piece

    def close(self):
        if not self.ended:
            self.call.connection.leave()
            self.end()
            self.pieces.clear()
            self.wake()

    cdef int push(self, bytes piece) except -1:
        """Keep a piece for the reader, who is woken by `wake`."""
        self.pieces.append(piece)
        self.held += <size_t>len(piece)
        if self.held > MOST_HELD and not self.paused:
            self.paused = True
            self.call.connection.pause(True)
        return 0

    cdef int end(self) except -1:
        """Let go of what holds us: a megabyte of pieces must not wait for the collector of cycles."""
        self.ended = True
        self.call.stream = None
        self.call = None
        self.response = None
        return 0

    cdef int wake(self) except -1:
        """Give the reader all that there is, b"" after the end."""
        cdef Completion reader = self.reader
        cdef bytes data
        if reader is None or reader.done() or not (self.pieces or self.ended):
            return 0
        self.reader = None
        data = NO_BODY.join(self.pieces)
        self.pieces.clear()
        self.held = 0
        if self.paused and not self.ended:
            self.paused = False
            self.call.connection.pause(False)
        return reader.finish(data)

    cdef int cancel(self) except -1:
        """The user's time is over, and that of who waits for more."""
        if self.reader is not None:
            self.reader.cancel()
        self.close()
        return 0
