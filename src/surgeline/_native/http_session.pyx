"""The HTTP connections of one user, and which of them a call gets. See http_session.pyi.

A call whose answer asks for more (a redirect, a cookie to keep, a challenge) is handed to a subclass, which says whether
another hop follows; all others never leave native code. Knows nothing of scripts or metric names.
"""

from cpython.object cimport PyObject
from libc.stdint cimport INT64_MAX, UINT64_MAX, int64_t, uint64_t

from types import GenericAlias

from surgeline._native.http_call cimport HttpCall
from surgeline._native.http_connection cimport ACTIVE, Connection, Pool, Rules, SL_HTTP_DISCARD, SL_HTTP_KEEP, SL_HTTP_STREAM, sl_http
from surgeline._native.http_origin cimport Prepared
from surgeline._native.http_outcomes cimport RawResponse
from surgeline._native.iteration cimport UserState
from surgeline._native.poller cimport Poller, sl_now

cdef extern from "Python.h":
    int PyContextVar_Get(object, PyObject *, PyObject **) except -1
    void Py_DECREF(PyObject *)

KEEP = <int>SL_HTTP_KEEP
DISCARD = <int>SL_HTTP_DISCARD
STREAM = <int>SL_HTTP_STREAM


cdef bint is_redirect(int status):
    return 301 <= status <= 303 or 307 <= status <= 308


cdef class Hop:
    cdef readonly Prepared request
    cdef readonly bytes body, fields
    cdef readonly object source
    cdef readonly int64_t wait_ns

    def __init__(self, Prepared request not None, bytes body, bytes fields, source, int64_t wait_ns=-1):
        self.request = request
        self.body = body
        self.fields = fields
        self.source = source
        self.wait_ns = wait_ns


cdef class Session(Pool):
    __class_getitem__ = classmethod(GenericAlias)

    cdef list pausing  # calls before their next hop
    cdef object place_var, place
    cdef long iteration
    cdef public dict prepared_gets
    cdef public bint is_plain

    def __init__(self, Poller poller not None, UserState user not None, Rules rules not None, describe_error,
                 type response_class not None, place_var, dict prepared_gets not None):
        self.poller = poller
        self.user = user
        self.rules = rules
        self.describe_error = describe_error
        self.response_class = response_class
        self.place_var = place_var
        self.prepared_gets = prepared_gets
        self.is_plain = True
        self.unread = RawResponse()
        self.idle = {}
        self.connections = []
        self.pausing = []
        self.iteration = user.iteration
        if rules.resume_tls:
            self.tls_sessions = {}

    def get(self, url, **options):
        cdef int use
        # The plainest request there is, and the one that a generator is measured by.
        if not options and self.is_plain:
            self.follow()
            prepared = self.prepared_gets.get(url)
            if prepared is not None:
                use = SL_HTTP_DISCARD if self.rules.discard_bodies else SL_HTTP_KEEP
                return self.start(<Prepared>prepared, None, None, None, None, self.rules.timeout_ns, use,
                                  self.most(use))
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

    def call(self, Prepared request not None, bytes body, int64_t timeout_ns, *, bytes fields=None, exchange=None,
             source=None, int body_use=SL_HTTP_KEEP, max_body=None):
        return self.start(request, body, fields, exchange, source, timeout_ns, body_use,
                          self.most(body_use) if max_body is None else <uint64_t>max_body)

    cdef uint64_t most(self, int body_use):
        """Return the most bytes of a body: only one that is kept costs memory."""
        return self.rules.body_bytes if body_use == SL_HTTP_KEEP else UINT64_MAX

    cdef HttpCall start(self, Prepared request, bytes body, bytes fields, object exchange, object source,
                        int64_t timeout_ns, int body_use, uint64_t max_body):
        cdef HttpCall call
        if self.closed:
            raise RuntimeError("expected a request while the virtual user lives, found one after its end")
        call = HttpCall.__new__(HttpCall)
        call.poller = self.poller
        call.owner = self
        call.exchange = exchange
        call.body_use = body_use
        call.max_body = max_body
        call.lateness = self.user.lateness_ns
        call.begin_hop(request, body, fields, source)
        call.timeout = timeout_ns
        call.deadline = call.called + timeout_ns
        self.arm(call.deadline)
        self.launch(call)
        return call

    cdef int launch(self, HttpCall call) except -1:
        cdef Connection connection
        cdef list idle
        if self.closed:
            call.cancel()
            return 0
        if self.rules.close_after_iteration and self.iteration != self.user.iteration:
            self.iteration = self.user.iteration
            self.close_idle()
        idle = self.idle.get(call.request.origin)
        if not idle:
            return self.open_connection(call)
        connection = idle.pop()
        connection.take(call)
        connection.state = ACTIVE
        return connection.begin(call.called)

    cdef bint may_go_on(self, HttpCall call, const sl_http *parser) except -1:
        if parser.has_location and is_redirect(parser.status):
            return call.request.request is not None and call.request.request.redirects > 0
        return call.exchange is not None and call.exchange.may_answer(parser.status)

    cdef int go_on(self, HttpCall call, RawResponse response) except -1:
        cdef Hop hop
        try:
            hop = self.after(call, call.exchange, call.request, response)
        except Exception as error:
            call.set_exception(error)
            return 0
        if hop is None or call.done():
            return call.finish(response)
        call.begin_hop(hop.request, hop.body, hop.fields, hop.source)
        if hop.wait_ns < 0:
            return self.launch(call)
        self.pausing.append(call)
        return self.poller.add_timer(call.called + hop.wait_ns, call)

    cdef int end_pause(self, HttpCall call) except -1:
        self.pausing.remove(call)
        if call.done():
            return 0
        self.arm(call.deadline)
        return self.launch(call)

    def set_exchange(self, HttpCall call not None, exchange):
        call.exchange = exchange

    def close(self):
        """Close every connection; calls under way are cancelled and counted as abandoned."""
        cdef Connection connection
        self.closed = True
        for connection in list(self.connections):
            if connection.call is None:
                connection.close()
            elif connection.call.stream is not None:
                connection.call.stream.cancel()
            else:
                connection.call.note_if_forgotten()  # to cancel is to look at it
                connection.call.cancel()
        for call in list(self.pausing):
            call.cancel()

    cdef int close_idle(self) except -1:
        cdef Connection connection
        for connection in list(self.connections):
            if connection.call is None:
                connection.close()
        return 0

    cdef int64_t fail_overdue(self, int64_t now) except -1:
        cdef int64_t next_deadline = INT64_MAX
        cdef Connection connection
        for connection in list(self.connections):
            if connection.call is None:
                continue
            if connection.call.deadline <= now:
                connection.time_out()
            elif connection.call.deadline < next_deadline:
                next_deadline = connection.call.deadline
        return next_deadline
