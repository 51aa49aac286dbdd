#include "timers.h"

#include <stdlib.h>

void sl_timers_init(sl_timers *t)
{
    *t = (sl_timers){0};
}

void sl_timers_free(sl_timers *t)
{
    free(t->heap);
    sl_timers_init(t);
}

static int earlier(const sl_timer *a, const sl_timer *b)
{
    if (a->due_ns != b->due_ns) return a->due_ns < b->due_ns;
    return a->sequence < b->sequence;
}

static int grow(sl_timers *t)
{
    size_t capacity = t->capacity ? 2 * t->capacity : 64;
    if (capacity > SIZE_MAX / sizeof *t->heap) return -1;
    sl_timer *heap = realloc(t->heap, capacity * sizeof *heap);
    if (heap == NULL) return -1;
    t->heap = heap;
    t->capacity = capacity;
    return 0;
}

static void place_up(sl_timers *t, size_t hole, sl_timer timer)
{
    while (hole > 0) {
        size_t parent = (hole - 1) / 2;
        if (!earlier(&timer, &t->heap[parent])) break;
        t->heap[hole] = t->heap[parent];
        hole = parent;
    }
    t->heap[hole] = timer;
}

static void place_down(sl_timers *t, size_t hole, sl_timer timer)
{
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= t->count) break;
        if (child + 1 < t->count && earlier(&t->heap[child + 1], &t->heap[child])) child++;
        if (!earlier(&t->heap[child], &timer)) break;
        t->heap[hole] = t->heap[child];
        hole = child;
    }
    t->heap[hole] = timer;
}

int sl_timers_push(sl_timers *t, int64_t due_ns, void *owner)
{
    if (t->count == t->capacity && grow(t) < 0) return -1;
    sl_timer timer = {due_ns, t->next_sequence++, owner};
    place_up(t, t->count++, timer);
    return 0;
}

void *sl_timers_pop(sl_timers *t)
{
    if (t->count == 0) return NULL;
    void *owner = t->heap[0].owner;
    t->count--;
    if (t->count > 0) place_down(t, 0, t->heap[t->count]);
    return owner;
}
