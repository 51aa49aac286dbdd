/* Every allocation of the core fails once: the call must say so, change nothing it need not, and lose no memory. */
#include "limited_memory.h"

#include "histogram.c"
#include "http1.c"
#include "samples.c"
#include "timers.c"

/* The first is of chunks, the second of a known length, the third is read until close. */
static const char *const RESPONSES[] = {
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n%2048d\r\n800\r\n%2048d\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n%2048d%2048d",
    "HTTP/1.1 200 OK\r\nServer: a\r\n\r\n%2048d%2048d",
};

static void feed_with(sl_http *p, const char *bytes, size_t size, size_t step, int releases)
{
    sl_http_status status = SL_HTTP_MORE;
    for (size_t at = 0, used; at < size && status == SL_HTTP_MORE; at += step) {
        status = sl_http_feed(p, (const uint8_t *)bytes + at, size - at < step ? size - at : step, &used);
        if (releases) sl_http_release_body(p);
    }
}

/* Once it failed for want of memory, the parser must be of use again after a reset. */
static void check_another_response(sl_http *p)
{
    size_t used;
    allocations_left = 10;
    sl_http_reset(p, 0);
    CHECK(sl_http_feed(p, (const uint8_t *)"HTTP/1.1 204 \r", 14, &used) == SL_HTTP_MORE, "%d", p->error);
    CHECK(sl_http_feed(p, (const uint8_t *)"\n\r\n", 3, &used) == SL_HTTP_DONE && p->status == 204, "%d", p->error);
}

static void test_http1(const char *response, size_t step, sl_http_body_use body_use, int releases)
{
    static char bytes[8192];
    size_t size = (size_t)snprintf(bytes, sizeof bytes, response, 1, 2);
    size_t left = releases || body_use == SL_HTTP_DISCARD ? 0 : 4096;
    int done = 0;
    for (long allowed = 0; !done; allowed++) {
        sl_http p;
        sl_http_init(&p);
        p.body_use = (uint8_t)body_use;
        allocations_left = allowed;
        feed_with(&p, bytes, size, step, releases);
        done = sl_http_end(&p) == SL_HTTP_DONE;
        CHECK(done || p.error == SL_HTTP_NO_MEMORY, "%ld allocations: %d", allowed, p.error);
        CHECK(!done || (p.body_total == 4096 && p.body_size == left), "%zu left of %llu", p.body_size,
              (unsigned long long)p.body_total);
        check_another_response(&p);
        sl_http_free(&p);
    }
}

static void test_http1_in_every_way(void)
{
    static const size_t STEPS[] = {1, 100, 3000, 100000};
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < sizeof STEPS / sizeof *STEPS; j++) {
            test_http1(RESPONSES[i], STEPS[j], SL_HTTP_KEEP, 0);
            test_http1(RESPONSES[i], STEPS[j], SL_HTTP_DISCARD, 0);
            test_http1(RESPONSES[i], STEPS[j], SL_HTTP_STREAM, 0);
            test_http1(RESPONSES[i], STEPS[j], SL_HTTP_STREAM, 1);
        }
    }
}

static void test_timers(void)
{
    sl_timers t;
    sl_timers_init(&t);
    allocations_left = 1;
    int pushed = 0;
    while (sl_timers_push(&t, -pushed, &t) == 0) pushed++;
    CHECK(pushed > 0 && t.count == (size_t)pushed, "%d pushed", pushed);
    for (; pushed > 0; pushed--) CHECK(sl_timers_pop(&t) == &t, "%d left", pushed);
    CHECK(sl_timers_pop(&t) == NULL, "empty");
    sl_timers_free(&t);
}

static void check_unchanged(const sl_histogram *h)
{
    CHECK(h->count == 1 && h->sum == 5 && h->minimum == 5 && h->maximum == 5, "changed");
    CHECK(sl_histogram_at_rank(h, 0) == 5 && sl_histogram_encode(h, NULL, 0) == 7, "changed");
}

static void test_histogram(void)
{
    uint8_t form[256];
    sl_histogram from, into;
    sl_histogram_init(&from);
    allocations_left = 100;
    for (uint64_t value = 3; value < 3000000000; value *= 9) sl_histogram_record(&from, value);
    size_t size = sl_histogram_encode(&from, form, sizeof form);
    for (long allowed = 0; allowed < 5; allowed++) {
        sl_histogram_init(&into);
        allocations_left = 1;
        sl_histogram_record(&into, 5);
        allocations_left = allowed;
        CHECK(sl_histogram_decode(&into, form, size) == -1, "%ld allocations", allowed);
        check_unchanged(&into);
        allocations_left = 0;
        CHECK(sl_histogram_merge(&into, &from) == -1, "%ld allocations", allowed);
        CHECK(sl_histogram_record(&into, UINT64_MAX) == -1, "%ld allocations", allowed);
        check_unchanged(&into);
        sl_histogram_free(&into);
    }
    sl_histogram_free(&from);
}

static void test_samples(void)
{
    for (long allowed = 0;; allowed++) {
        const sl_sample sample = {.value.whole = 1};
        size_t size;
        sl_lines l;
        sl_lines_init(&l, SL_JSON, 0);
        allocations_left = 3;
        CHECK(sl_lines_add(&l, "a:c", 1, 1, 1, 0) == 0, "%zu series", l.count);
        allocations_left = allowed;
        size_t added = 1;
        while (added < 100 && sl_lines_add(&l, "a:c", 1, 1, 1, 0) == 0) added++;
        CHECK(l.count == added && sl_lines_render(&l, &sample, 1, &size) == 1 && size == 34, "%zu series", added);
        sl_lines_free(&l);
        if (added == 100) return;
    }
}

int main(void)
{
    test_http1_in_every_way();
    test_timers();
    test_histogram();
    test_samples();
    return 0;
}
