/* What neither the fuzzer nor the oracles of the Python tests reach: no memory, and brackets as deep as they may be. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

static long allocations_left = 1000;

static void *limited_realloc(void *memory, size_t size)
{
    return allocations_left-- > 0 ? realloc(memory, size) : NULL;
}

#define realloc limited_realloc
#include "records.c"

enum { ROWS = 1000 };

static void test_no_memory(long allowed)
{
    static uint8_t rows[2 * ROWS];
    for (size_t i = 0; i < ROWS; i++) memcpy(rows + 2 * i, "a\n", 2);
    sl_records r;
    sl_records_init(&r, SL_RECORDS_CSV, 0);
    allocations_left = allowed;
    int result = sl_records_feed(&r, rows, sizeof rows);
    CHECK(r.error == (result < 0 ? SL_RECORDS_NO_MEMORY : SL_RECORDS_OK), "%d", r.error);
    CHECK(result == (allowed < 5 ? -1 : 0), "%ld allocations", allowed);
    CHECK(result < 0 || r.count == ROWS, "%llu rows", (unsigned long long)r.count);
    sl_records_free(&r);
    CHECK(r.noted == NULL && r.noted_count == 0, "free leaves nothing");
    allocations_left = 1000;
}

static void test_depth(sl_records_kind kind, size_t depth, sl_records_error expected)
{
    static uint8_t brackets[2 * SL_RECORDS_DEEPEST + 2];
    sl_records r;
    memset(brackets, '[', depth);
    memset(brackets + depth, ']', depth);
    sl_records_init(&r, kind, 0);
    int result = sl_records_feed(&r, brackets, 2 * depth);
    if (result == 0) result = sl_records_end(&r);
    CHECK(r.error == expected && (result == 0) == (expected == SL_RECORDS_OK), "%zu: %d", depth, r.error);
    sl_records_free(&r);
}

int main(void)
{
    for (long allowed = 0; allowed < 8; allowed++) test_no_memory(allowed);
    for (int kind = SL_RECORDS_LINES; kind <= SL_RECORDS_ARRAY; kind++) {
        test_depth((sl_records_kind)kind, SL_RECORDS_DEEPEST, SL_RECORDS_OK);
        test_depth((sl_records_kind)kind, SL_RECORDS_DEEPEST + 1, SL_RECORDS_TOO_DEEP);
    }
    return 0;
}
