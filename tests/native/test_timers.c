#include "timers.h"

#include "check.h"

enum { MANY = 100000 };

typedef struct {
    int64_t due_ns;
    size_t order;
} expected_timer;

static int by_due_then_order(const void *a, const void *b)
{
    const expected_timer *left = a, *right = b;
    if (left->due_ns != right->due_ns) return left->due_ns < right->due_ns ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static void test_empty(void)
{
    sl_timers t;
    sl_timers_init(&t);
    CHECK(sl_timers_pop(&t) == NULL, "an empty heap gave an owner");
    CHECK(sl_timers_next(&t) == INT64_MAX, "%lld", (long long)sl_timers_next(&t));
    sl_timers_free(&t);
}

static void test_extremes(void)
{
    static int owners[3];
    sl_timers t;
    sl_timers_init(&t);
    sl_timers_push(&t, INT64_MAX, &owners[2]);
    sl_timers_push(&t, INT64_MIN, &owners[0]);
    sl_timers_push(&t, 0, &owners[1]);
    CHECK(sl_timers_next(&t) == INT64_MIN, "%lld", (long long)sl_timers_next(&t));
    for (size_t i = 0; i < 3; i++) CHECK(sl_timers_pop(&t) == &owners[i], "place %zu", i);
    sl_timers_free(&t);
}

static void test_many_with_ties(uint64_t distinct)
{
    static expected_timer expected[MANY];
    uint64_t random = 42 + distinct;
    sl_timers t;
    sl_timers_init(&t);
    for (size_t i = 0; i < MANY; i++) {
        expected[i] = (expected_timer){(int64_t)(next_random(&random) % distinct), i};
        CHECK(sl_timers_push(&t, expected[i].due_ns, (void *)(uintptr_t)(i + 1)) == 0, "push %zu", i);
    }
    qsort(expected, MANY, sizeof *expected, by_due_then_order);
    for (size_t i = 0; i < MANY; i++) {
        CHECK(sl_timers_next(&t) == expected[i].due_ns, "timer %zu of %llu", i, (unsigned long long)distinct);
        size_t order = (size_t)(uintptr_t)sl_timers_pop(&t) - 1;
        CHECK(order == expected[i].order, "timer %zu of %llu: %zu", i, (unsigned long long)distinct, order);
    }
    CHECK(t.count == 0, "%zu left", t.count);
    sl_timers_free(&t);
}

/* As an engine uses it: what comes up is put back later. */
static void test_interleaved(void)
{
    uint64_t random = 7;
    int64_t now = 0;
    sl_timers t;
    sl_timers_init(&t);
    for (int i = 0; i < 1000; i++) sl_timers_push(&t, (int64_t)(next_random(&random) % 1000), &t);
    for (int i = 0; i < MANY; i++) {
        CHECK(sl_timers_next(&t) >= now, "time went back at %d", i);
        now = sl_timers_next(&t);
        CHECK(sl_timers_pop(&t) == &t, "wrong owner at %d", i);
        sl_timers_push(&t, now + (int64_t)(next_random(&random) % 1000), &t);
    }
    CHECK(t.count == 1000, "%zu", t.count);
    sl_timers_free(&t);
    CHECK(t.heap == NULL && t.count == 0, "free leaves the state after init");
}

int main(void)
{
    test_empty();
    test_extremes();
    test_many_with_ties(1);
    test_many_with_ties(100);
    test_many_with_ties(UINT64_C(1) << 60);
    test_interleaved();
    return 0;
}
