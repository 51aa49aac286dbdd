/* Whatever bytes sl_histogram_decode is given, it takes the one form of a histogram or changes nothing.
 *
 * An input is tried as a form; and as values (eight bytes each) whose form is made, read back, and then garbled where
 * the input says. How to run it: see fuzz.h.
 */
#include "fuzz.h"

#include "histogram.h"

static uint8_t *form_of(const sl_histogram *h, size_t *size)
{
    *size = sl_histogram_encode(h, NULL, 0);
    uint8_t *form = malloc(*size);
    CHECK(sl_histogram_encode(h, form, *size) == *size, "%zu bytes", *size);
    return form;
}

static void check_form(const sl_histogram *h, const uint8_t *expected, size_t expected_size)
{
    size_t size;
    uint8_t *form = form_of(h, &size);
    CHECK(size == expected_size && memcmp(form, expected, size) == 0, "%zu and %zu bytes", size, expected_size);
    free(form);
}

static void check_readable(const sl_histogram *h)
{
    double middle = sl_histogram_quantile(h, 0.5);
    CHECK(sl_histogram_at_rank(h, h->count / 2) <= h->maximum, "rank %llu", (unsigned long long)(h->count / 2));
    CHECK(h->count == 0 || (middle >= (double)h->minimum && middle <= (double)h->maximum), "%f", middle);
}

static int try_form(const uint8_t *data, size_t size)
{
    size_t before_size;
    sl_histogram h;
    sl_histogram_init(&h);
    sl_histogram_record(&h, 777);
    uint8_t *before = form_of(&h, &before_size);
    int result = sl_histogram_decode(&h, data, size);
    if (result < 0) {
        check_form(&h, before, before_size);
    } else {
        sl_histogram_free(&h);
        CHECK(sl_histogram_decode(&h, data, size) == 0, "taken once, then refused");
        check_form(&h, data, size);
        check_readable(&h);
    }
    free(before);
    sl_histogram_free(&h);
    return result;
}

static void try_values(const uint8_t *data, size_t size)
{
    uint64_t value = 0;
    size_t form_size;
    sl_histogram h;
    sl_histogram_init(&h);
    for (size_t at = 0; at + 8 <= size; at += 8) {
        memcpy(&value, data + at, 8);
        sl_histogram_record_many(&h, value >> (data[at] & 63), 1 + data[at + 7]);
    }
    uint8_t *form = form_of(&h, &form_size);
    CHECK(try_form(form, form_size) == 0, "its own form is refused");
    CHECK(try_form(form, value % form_size) < 0, "a part of a form is taken");
    form[value % form_size] ^= (uint8_t)(1u << (value >> 61));
    try_form(form, form_size);
    free(form);
    sl_histogram_free(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_form(data, size);
    try_values(data, size);
    return 0;
}
