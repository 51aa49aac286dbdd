#include "mixing.h"

#include <math.h>
#include <string.h>

#include "check.h"

enum { MANY = 4096 };

#define KEY 0x0123456789abcdefu

static const uint64_t EXTREMES[] = {0, 1, 63, 64, 65, UINT32_MAX, (uint64_t)1 << 53, (uint64_t)1 << 63, UINT64_MAX};
enum { EXTREME = sizeof EXTREMES / sizeof *EXTREMES };

static void count_from(uint64_t first, uint64_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) rows[i] = first + i;
}

/* Made by the formula in Python, whose numbers have no end. */
static void test_known_numbers(void)
{
    static const struct {
        uint64_t key, row, bits;
    } known[] = {
        {0, 0, 0x48218226ff3cd4bfu},
        {KEY, 0, 0x527f12e5acd73e72u},
        {KEY, 1, 0x91130f0ed84a80b2u},
        {UINT64_MAX, UINT64_MAX, 0xd6bdf7544574c9cbu},
        {(uint64_t)1 << 63, 1000000000000, 0x304d496430e1b661u},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t found = sl_mix(known[i].key, known[i].row);
        CHECK(found == known[i].bits, "number %zu: %llx", i, (unsigned long long)found);
    }
}

static void test_arrays_are_made_of_single_numbers(void)
{
    static uint64_t all[MANY], few[MANY];
    static double units[MANY];
    count_from(UINT64_MAX - MANY / 2, all, MANY);
    count_from(UINT64_MAX - MANY / 2, few, MANY);
    sl_mix_units(KEY, all, units, MANY);
    sl_mix_all(KEY, all, MANY);
    sl_mix_below(KEY, 1000, few, MANY);
    for (size_t i = 0; i < MANY; i++) {
        uint64_t bits = sl_mix(KEY, UINT64_MAX - MANY / 2 + i);
        CHECK(all[i] == bits, "row %zu", i);
        CHECK(few[i] == ((bits >> 32) * 1000 + ((bits & UINT32_MAX) * 1000 >> 32)) >> 32, "row %zu", i);
        CHECK(units[i] == ldexp((double)(bits >> 11), -53) && units[i] < 1, "row %zu: %g", i, units[i]);
    }
}

/* Units may take the place of the rows that they are made of. */
static void test_units_in_place(void)
{
    static union {
        uint64_t rows[MANY];
        double units[MANY];
    } place;
    static double apart[MANY];
    count_from(5, place.rows, MANY);
    sl_mix_units(KEY, place.rows, apart, MANY);
    sl_mix_units(KEY, place.rows, place.units, MANY);
    CHECK(memcmp(place.units, apart, sizeof apart) == 0, "not the same");
}

static void test_below_any_bound(void)
{
    for (size_t i = 0; i < EXTREME; i++) {
        for (size_t j = 1; j < EXTREME; j++) {
            uint64_t rows[EXTREME];
            memcpy(rows, EXTREMES, sizeof rows);
            sl_mix_below(EXTREMES[i], EXTREMES[j], rows, EXTREME);
            for (size_t k = 0; k < EXTREME; k++) CHECK(rows[k] < EXTREMES[j], "%zu %zu %zu", i, j, k);
        }
    }
}

/* Runs of all sizes about that from which places are found one by one, and about squares: each number once. */
static void test_shuffles_are_permutations(void)
{
    static uint64_t rows[3 * 1100];
    static int seen[1100];
    for (uint64_t size = 1; size <= 1100; size += size < 300 || size > 1000 ? 1 : 37) {
        count_from(0, rows, 3 * size);
        sl_mix_shuffled(KEY + size, size, rows, 3 * size);
        for (uint64_t run = 0; run < 3; run++) {
            memset(seen, 0, sizeof seen);
            for (uint64_t i = 0; i < size; i++) {
                uint64_t number = rows[run * size + i];
                CHECK(number < size && seen[number]++ == 0, "row %llu of %llu: %llu", (unsigned long long)i,
                      (unsigned long long)size, (unsigned long long)number);
            }
        }
    }
}

static int by_size(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void test_shuffles_of_any_size(void)
{
    static const uint64_t sizes[] = {UINT32_MAX, (uint64_t)1 << 32, ((uint64_t)1 << 53) + 1, ((uint64_t)1 << 63) - 1,
                                     (uint64_t)1 << 63};
    static uint64_t rows[MANY];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        count_from(sizes[i] - MANY, rows, MANY);
        sl_mix_shuffled(KEY, sizes[i], rows, MANY);
        qsort(rows, MANY, sizeof *rows, by_size);
        CHECK(rows[MANY - 1] < sizes[i], "size %zu: %llu", i, (unsigned long long)rows[MANY - 1]);
        for (size_t j = 1; j < MANY; j++) CHECK(rows[j - 1] < rows[j], "size %zu: a number twice", i);
    }
}

/* A row's place does not depend on the rows before it, be they of the same run or of others. */
static void test_a_shuffled_row_alone(void)
{
    uint64_t random = 7;
    for (uint64_t size = 60; size < 70; size++) {
        uint64_t rows[64], alone;
        for (size_t i = 0; i < 64; i++) rows[i] = next_random(&random) % (i % 2 ? 5 * size : UINT64_MAX);
        for (size_t i = 0; i < 64; i++) {
            uint64_t together[64];
            memcpy(together, rows, sizeof rows);
            sl_mix_shuffled(KEY, size, together, 64);
            alone = rows[i];
            sl_mix_shuffled(KEY, size, &alone, 1);
            CHECK(together[i] == alone, "size %llu, row %zu", (unsigned long long)size, i);
        }
    }
}

static void test_ranks_of_any_exponent(void)
{
    static const double exponents[] = {0, 1e-300, 0.5, 1 - 1e-12, 1, 1 + 1e-12, 2, 30, 999.9};
    static const uint64_t sizes[] = {1, 2, 3, 1000, (uint64_t)1 << 32, (uint64_t)1 << 53};
    static uint64_t rows[MANY];
    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            count_from(0, rows, MANY);
            sl_mix_zipf(KEY, sizes[j], exponents[i], rows, MANY);
            for (size_t k = 0; k < MANY; k++) {
                CHECK(rows[k] < sizes[j], "exponent %g, size %zu: %llu", exponents[i], j, (unsigned long long)rows[k]);
            }
        }
    }
}

/* With exponent 1 the shares of ranks 1, 2 and 3 of three are 6/11, 3/11 and 2/11. */
static void test_shares_of_ranks(void)
{
    static uint64_t rows[256 * MANY];
    static const double shares[] = {6.0 / 11, 3.0 / 11, 2.0 / 11};
    size_t found[3] = {0};
    const double count = 256 * MANY;
    count_from(0, rows, 256 * MANY);
    sl_mix_zipf(KEY, 3, 1, rows, 256 * MANY);
    for (size_t i = 0; i < 256 * MANY; i++) found[rows[i]]++;
    for (size_t i = 0; i < 3; i++) {
        double off = fabs((double)found[i] - count * shares[i]);
        CHECK(off < 4 * sqrt(count * shares[i] * (1 - shares[i])), "rank %zu: %zu", i + 1, found[i]);
    }
}

static void test_uuid(void)
{
    char *text = malloc(36);
    sl_mix_uuid(KEY, 0xfedcba9876543210u, text);
    CHECK(memcmp(text, "01234567-89ab-4cde-bffb-72ea61d950c8", 36) == 0, "%.36s", text);
    for (int bit = 0; bit < 64; bit++) {
        char other[36];
        sl_mix_uuid(KEY ^ (uint64_t)1 << bit, 0xfedcba9876543210u, other);
        CHECK(memcmp(text, other, 36) != 0, "bit %d is not in it", bit);
    }
    free(text);
}

int main(void)
{
    test_known_numbers();
    test_arrays_are_made_of_single_numbers();
    test_units_in_place();
    test_below_any_bound();
    test_shuffles_are_permutations();
    test_shuffles_of_any_size();
    test_a_shuffled_row_alone();
    test_ranks_of_any_exponent();
    test_shares_of_ranks();
    test_uuid();
    return 0;
}
