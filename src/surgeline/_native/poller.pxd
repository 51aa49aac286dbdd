from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef extern from "timers.h" nogil:
    ctypedef struct sl_timer:
        int64_t due_ns
        void *owner
    ctypedef struct sl_timers:
        sl_timer *heap
        size_t count
    void sl_timers_init(sl_timers *)
    void sl_timers_free(sl_timers *)
    int sl_timers_push(sl_timers *, int64_t, void *)
    void *sl_timers_pop(sl_timers *)
    int64_t sl_timers_next(const sl_timers *)


cdef extern from "system.h" nogil:
    int64_t sl_now()
    ctypedef union epoll_data_t:
        uint64_t u64
    struct epoll_event:
        uint32_t events
        epoll_data_t data


cdef class Wakeable:
    cdef bint precise
    cdef int on_due(self, int64_t now) except -1
    cdef int on_followed(self, Completion completion) except -1


cdef class Channel(Wakeable):
    cdef Poller poller
    cdef int fd
    cdef int on_ready(self, uint32_t events) except -1
    cdef int watch(self, uint32_t events) except -1
    cdef int rewatch(self, uint32_t events) except -1
    cdef int unwatch_and_close(self) except -1


cdef class Completion(Wakeable):
    cdef public bint _asyncio_future_blocking
    cdef Poller poller
    cdef object callback, context, value, error
    cdef Wakeable follower  # native code that waits here; no task does then
    cdef list more
    cdef int state
    cdef bint asked  # has anybody waited for it, or looked at what it came to?
    cdef void note_if_forgotten(self) noexcept
    cdef int on_cancel(self) except -1
    cdef int finish(self, object value) except -1
    cdef int wake(self) except -1
    cdef int wake_all(self, object callback, object context) except -1
    cdef object outcome(self)


cdef class Poller:
    cdef readonly object loop
    cdef int epoll_fd
    cdef sl_timers timers
    cdef epoll_event events[256]
    cdef char *buffer
    cdef size_t buffer_size
    cdef list graveyard, deferred
    cdef bint may_wake
    cdef int64_t now
    cdef readonly int64_t idle_ns, steps
    cdef int add_timer(self, int64_t due, Wakeable owner) except -1
    cdef int run_timers(self) except -1
    cdef int run_deferred(self) except -1
    cdef int wait(self, int64_t deadline) except -2
    cdef int dispatch(self, int count, list ready) except -1
    cdef int run_callback(self, object callback, object context, Completion completion) except -1
