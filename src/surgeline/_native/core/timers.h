/* A binary heap of timers: what is due first is on top. Ties leave in the order they came.
 *
 * A timer is an absolute time and an opaque pointer. Nothing is removed early: an owner that no longer wants its timer
 * ignores it when it comes up. Knows nothing of Python, clocks or I/O.
 */
#ifndef SURGELINE_TIMERS_H
#define SURGELINE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t due_ns;
    uint64_t sequence;
    void *owner;
} sl_timer;

typedef struct {
    sl_timer *heap;
    size_t count, capacity;
    uint64_t next_sequence;
} sl_timers;

void sl_timers_init(sl_timers *t);
void sl_timers_free(sl_timers *t);
int sl_timers_push(sl_timers *t, int64_t due_ns, void *owner);   /* 0, or -1 when memory ran out */
void *sl_timers_pop(sl_timers *t);                               /* owner of the first; NULL when empty */
static inline int64_t sl_timers_next(const sl_timers *t) { return t->count ? t->heap[0].due_ns : INT64_MAX; }

#endif
