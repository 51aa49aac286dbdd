#include "histogram.h"

#include <math.h>
#include <string.h>

#include "check.h"

enum { MANY = 20000, FORM_CAPACITY = 1 << 20 };

typedef struct {
    size_t size;
    uint8_t bytes[FORM_CAPACITY];
} form;

static form first, second;

static void encode(const sl_histogram *h, form *f)
{
    f->size = sl_histogram_encode(h, f->bytes, sizeof f->bytes);
    CHECK(f->size <= sizeof f->bytes, "a form of %zu bytes", f->size);
}

/* From memory of exactly that size, so that the sanitizer sees a byte read too many. */
static int decode(sl_histogram *h, const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, bytes, size);
    int result = sl_histogram_decode(h, exact, size);
    free(exact);
    return result;
}

static void check_same(const sl_histogram *a, const sl_histogram *b)
{
    encode(a, &first);
    encode(b, &second);
    CHECK(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0, "histograms differ");
}

/* Any octave is as likely as any other. */
static uint64_t random_value(uint64_t *random)
{
    unsigned shift = (unsigned)(next_random(random) % 64);
    return next_random(random) >> shift;
}

static void test_buckets_tile_the_range(void)
{
    uint64_t expected = 0;
    for (uint32_t i = 0; i < SL_BUCKETS; i++) {
        uint64_t lowest = sl_histogram_lowest(i), highest = lowest + (sl_histogram_width(i) - 1);
        CHECK(lowest == expected, "bucket %u begins at %llu", i, (unsigned long long)lowest);
        CHECK(sl_histogram_index(lowest) == i && sl_histogram_index(highest) == i, "bucket %u", i);
        expected = highest + 1;
    }
    CHECK(expected == 0, "the last bucket ends at 2^64");
}

static void check_error_bound(uint64_t value)
{
    uint64_t middle = sl_histogram_middle(sl_histogram_index(value));
    uint64_t off = middle > value ? middle - value : value - middle;
    CHECK(off <= value / 2048, "%llu is reported as %llu", (unsigned long long)value, (unsigned long long)middle);
}

static void test_error_bound_in_every_octave(void)
{
    uint64_t random = 1;
    for (unsigned exponent = 0; exponent < 64; exponent++) {
        uint64_t low = (uint64_t)1 << exponent;
        check_error_bound(low);
        check_error_bound(low + (low - 1));
        for (int i = 0; i < 1000; i++) check_error_bound(low + next_random(&random) % low);
    }
}

static void test_the_two_ways_to_record_agree(void)
{
    uint64_t random = 2;
    sl_histogram one, many;
    sl_histogram_init(&one);
    sl_histogram_init(&many);
    for (int i = 0; i < MANY; i++) {
        uint64_t value = random_value(&random), times = next_random(&random) % 4;
        for (uint64_t k = 0; k < times; k++) sl_histogram_record(&one, value);
        sl_histogram_record_many(&many, value, times);
    }
    check_same(&one, &many);
    sl_histogram_free(&one);
    sl_histogram_free(&many);
}

static void test_totals_are_exact(void)
{
    sl_histogram h;
    sl_histogram_init(&h);
    for (uint64_t value = 1000001; value <= 1000100; value++) sl_histogram_record(&h, value);
    CHECK(h.count == 100, "%llu", (unsigned long long)h.count);
    CHECK(h.minimum == 1000001 && h.maximum == 1000100, "%llu", (unsigned long long)h.minimum);
    CHECK(h.sum == 100005050, "%llu", (unsigned long long)h.sum);
    sl_histogram_clear(&h);
    CHECK(h.count == 0 && h.sum == 0 && h.maximum == 0 && h.minimum == UINT64_MAX, "not clear");
    sl_histogram empty;
    sl_histogram_init(&empty);
    check_same(&h, &empty);
    sl_histogram_free(&h);
}

static void test_merge_is_exact(void)
{
    uint64_t random = 3;
    sl_histogram all, parts[3];
    sl_histogram_init(&all);
    for (int i = 0; i < 3; i++) sl_histogram_init(&parts[i]);
    for (int i = 0; i < MANY; i++) {
        uint64_t value = random_value(&random);
        sl_histogram_record(&all, value);
        sl_histogram_record(&parts[next_random(&random) % 2], value);
    }
    for (int i = 0; i < 2; i++) CHECK(sl_histogram_merge(&parts[2], &parts[i]) == 0, "merge %d", i);
    check_same(&all, &parts[2]);
    sl_histogram_free(&all);
    for (int i = 0; i < 3; i++) sl_histogram_free(&parts[i]);
}

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static double interpolated(const uint64_t *sorted, size_t count, double fraction)
{
    double position = fraction * (double)(count - 1);
    size_t below = (size_t)position;
    if (below + 1 >= count) return (double)sorted[count - 1];
    double low = (double)sorted[below], high = (double)sorted[below + 1];
    return low + (high - low) * (position - (double)below);
}

static void check_against_sorted(const sl_histogram *h, const uint64_t *sorted, size_t count)
{
    for (size_t rank = 0; rank < count; rank += 1 + count / 500) {
        double truth = (double)sorted[rank], told = (double)sl_histogram_at_rank(h, rank);
        CHECK(fabs(told - truth) <= truth / 2048, "rank %zu of %zu: %f for %f", rank, count, told, truth);
    }
    for (int i = 0; i <= 1000; i++) {
        double fraction = i / 1000.0, truth = interpolated(sorted, count, fraction);
        double told = sl_histogram_quantile(h, fraction);
        CHECK(fabs(told - truth) <= truth / 2000, "fraction %f of %zu: %f for %f", fraction, count, told, truth);
    }
    CHECK(sl_histogram_at_rank(h, 0) == sorted[0], "the first is the minimum");
    CHECK(sl_histogram_at_rank(h, count - 1) == sorted[count - 1], "the last is the maximum");
}

static void test_ranks_and_quantiles(size_t count, uint64_t spread)
{
    static uint64_t values[MANY];
    uint64_t random = 4 + spread;
    sl_histogram h;
    sl_histogram_init(&h);
    for (size_t i = 0; i < count; i++) {
        values[i] = spread ? next_random(&random) % spread : random_value(&random);
        sl_histogram_record(&h, values[i]);
    }
    qsort(values, count, sizeof *values, by_value);
    check_against_sorted(&h, values, count);
    sl_histogram_free(&h);
}

static void test_quantiles_at_the_edges(void)
{
    sl_histogram h;
    sl_histogram_init(&h);
    CHECK(sl_histogram_quantile(&h, 0.5) == 0.0 && sl_histogram_at_rank(&h, 0) == 0, "empty");
    sl_histogram_record(&h, 123456789);
    for (double fraction = 0; fraction <= 1; fraction += 0.25) {
        CHECK(sl_histogram_quantile(&h, fraction) == 123456789.0, "one value at %f", fraction);
    }
    sl_histogram_record_many(&h, 200000000, UINT64_MAX - 1);
    CHECK(sl_histogram_quantile(&h, 1.0) == 2e8, "a count near 2^64");
    CHECK(sl_histogram_quantile(&h, NAN) == 123456789.0, "not a number");
    sl_histogram_free(&h);
}

static void check_round_trip(const sl_histogram *h)
{
    sl_histogram back;
    sl_histogram_init(&back);
    encode(h, &first);
    CHECK(sl_histogram_encode(h, NULL, 0) == first.size, "measured %zu", first.size);
    CHECK(decode(&back, first.bytes, first.size) == 0, "a form of %zu bytes", first.size);
    check_same(h, &back);
    CHECK(back.minimum == h->minimum && back.maximum == h->maximum && back.sum == h->sum, "totals");
    sl_histogram_free(&back);
}

static void test_round_trips(void)
{
    static const uint64_t EDGES[] = {0, 1, 1023, 1024, 2047, 2048, UINT64_MAX - 1, UINT64_MAX};
    uint64_t random = 5;
    sl_histogram h;
    sl_histogram_init(&h);
    check_round_trip(&h);
    for (size_t i = 0; i < sizeof EDGES / sizeof *EDGES; i++) {
        sl_histogram_record_many(&h, EDGES[i], 1 + (next_random(&random) >> 8));
        check_round_trip(&h);
    }
    for (int i = 0; i < MANY; i++) sl_histogram_record(&h, random_value(&random));
    check_round_trip(&h);
    sl_histogram_free(&h);
}

static void test_encode_writes_nothing_when_room_is_short(void)
{
    uint8_t out[64];
    sl_histogram h;
    sl_histogram_init(&h);
    sl_histogram_record(&h, 5000);
    size_t size = sl_histogram_encode(&h, NULL, 0);
    memset(out, 0xa5, sizeof out);
    CHECK(sl_histogram_encode(&h, out, size - 1) == size, "%zu bytes", size);
    for (size_t i = 0; i < sizeof out; i++) CHECK(out[i] == 0xa5, "byte %zu was written", i);
    sl_histogram_free(&h);
}

static void test_decode_adds(void)
{
    sl_histogram a, b;
    sl_histogram_init(&a);
    sl_histogram_init(&b);
    sl_histogram_record(&a, 10);
    sl_histogram_record(&b, 2000000);
    encode(&b, &first);
    CHECK(decode(&a, first.bytes, first.size) == 0, "decode");
    CHECK(a.count == 2 && a.minimum == 10 && a.maximum == 2000000 && a.sum == 2000010, "not added");
    sl_histogram_free(&a);
    sl_histogram_free(&b);
}

/* What decode refuses must change nothing; what it takes must be the one form of what it made. */
static void check_garbled(const uint8_t *bytes, size_t size)
{
    static form before;
    sl_histogram h, fresh;
    sl_histogram_init(&h);
    sl_histogram_init(&fresh);
    sl_histogram_record_many(&h, 777, 3);
    encode(&h, &before);
    if (decode(&h, bytes, size) < 0) {
        encode(&h, &second);
        CHECK(second.size == before.size && memcmp(second.bytes, before.bytes, second.size) == 0, "changed");
    } else {
        CHECK(decode(&fresh, bytes, size) == 0, "taken once, then refused");
        encode(&fresh, &second);
        CHECK(second.size == size && memcmp(second.bytes, bytes, size) == 0, "a second form was taken");
    }
    sl_histogram_free(&h);
    sl_histogram_free(&fresh);
}

static void test_truncated_and_garbled_forms(void)
{
    static uint8_t garbled[FORM_CAPACITY];
    uint64_t random = 6;
    sl_histogram h, target;
    sl_histogram_init(&h);
    sl_histogram_init(&target);
    for (int i = 0; i < 40; i++) sl_histogram_record(&h, random_value(&random));
    encode(&h, &first);
    size_t size = first.size;
    memcpy(garbled, first.bytes, size);
    for (size_t i = 0; i < size; i++) CHECK(decode(&target, garbled, i) == -1, "truncated to %zu bytes", i);
    for (size_t i = 0; i < 8 * size; i++) {
        garbled[i / 8] ^= (uint8_t)(1u << i % 8);
        check_garbled(garbled, size);
        garbled[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    garbled[size] = 0;
    CHECK(decode(&target, garbled, size + 1) == -1, "a byte too many");
    sl_histogram_free(&h);
    sl_histogram_free(&target);
}

#define REFUSED(why, ...)                                             \
    do {                                                              \
        static const uint8_t bytes[] = {__VA_ARGS__};                 \
        CHECK(decode(&h, bytes, sizeof bytes) == -1, "%s", why);      \
        CHECK(h.count == 0 && h.minimum == UINT64_MAX, "%s", why);    \
    } while (0)

static void test_exact_forms(void)
{
    static const uint8_t two_fives[] = {1, 2, 5, 5, 10, 5, 2};
    sl_histogram h;
    sl_histogram_init(&h);
    REFUSED("another version", 2, 2, 5, 5, 10, 5, 2);
    REFUSED("a count that is not the sum of the pairs", 1, 3, 5, 5, 10, 5, 2);
    REFUSED("a minimum outside the first bucket", 1, 2, 4, 5, 10, 5, 2);
    REFUSED("a maximum outside the last bucket", 1, 2, 5, 6, 10, 5, 2);
    REFUSED("a sum that the pairs cannot have", 1, 2, 5, 5, 11, 5, 2);
    REFUSED("a varint that is longer than it need be", 1, 2, 5, 5, 10, 0x85, 0, 2);
    REFUSED("a pair without a count", 1, 2, 5, 5, 10, 5);
    REFUSED("a pair with a count of 0", 1, 2, 5, 5, 10, 2, 0, 2, 2);
    REFUSED("a bucket past the last", 1, 1, 5, 5, 5, 0xff, 0xff, 0xff, 0xff, 0x0f, 1);
    REFUSED("a varint of more than 64 bits", 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 5, 5, 10, 5, 2);
    REFUSED("an empty histogram with a maximum", 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 0);
    CHECK(decode(&h, two_fives, sizeof two_fives) == 0 && h.count == 2 && h.sum == 10, "the form of two fives");
    sl_histogram_free(&h);
}

int main(void)
{
    test_buckets_tile_the_range();
    test_error_bound_in_every_octave();
    test_the_two_ways_to_record_agree();
    test_totals_are_exact();
    test_merge_is_exact();
    test_ranks_and_quantiles(1, 1000000);
    test_ranks_and_quantiles(2, 1000000);
    test_ranks_and_quantiles(MANY, 1000);
    test_ranks_and_quantiles(MANY, 50000000);
    test_ranks_and_quantiles(MANY, 0);
    test_quantiles_at_the_edges();
    test_round_trips();
    test_encode_writes_nothing_when_room_is_short();
    test_decode_adds();
    test_truncated_and_garbled_forms();
    test_exact_forms();
    return 0;
}
