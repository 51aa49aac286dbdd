#include "samples.h"

#include <math.h>
#include <string.h>

#include "check.h"

enum { MANY = 200000, MOST = 20000 };

static const char *text_of(size_t size, char *text)
{
    text[size] = '\0';
    return text;
}

static void check_time(sl_style style, int64_t wall_ns, const char *expected)
{
    char text[SL_LONGEST_TIME + 1];
    size_t size = sl_render_time(text, style, wall_ns);
    CHECK(strcmp(text_of(size, text), expected) == 0, "%lld: %s, not %s", (long long)wall_ns, text, expected);
}

static void test_times(void)
{
    check_time(SL_JSON, 0, "1970-01-01T00:00:00.000000000Z");
    check_time(SL_JSON, -1, "1969-12-31T23:59:59.999999999Z");
    check_time(SL_JSON, INT64_C(1709210096000000007), "2024-02-29T12:34:56.000000007Z");
    check_time(SL_JSON, INT64_C(1795162045901804557), "2026-11-20T08:07:25.901804557Z");
    check_time(SL_JSON, INT64_MAX, "2262-04-11T23:47:16.854775807Z");
    check_time(SL_JSON, INT64_MIN, "1677-09-21T00:12:43.145224192Z");
    check_time(SL_CSV, INT64_C(1795162045901804557), "1795162045");
    check_time(SL_CSV, 0, "0");
    check_time(SL_CSV, -1, "-1");
    check_time(SL_CSV, INT64_MIN, "-9223372037");
}

static void check_whole(uint64_t whole, int decimals, const char *json, const char *csv)
{
    char text[SL_LONGEST_VALUE + 1];
    sl_sample sample = {.value.whole = whole};
    size_t size = sl_render_value(text, SL_JSON, &sample, decimals);
    CHECK(strcmp(text_of(size, text), json) == 0, "%s, not %s", text, json);
    size = sl_render_value(text, SL_CSV, &sample, decimals);
    CHECK(strcmp(text_of(size, text), csv) == 0, "%s, not %s", text, csv);
}

static void test_wholes(void)
{
    check_whole(0, 0, "0", "0.000000");
    check_whole(9, 0, "9", "9.000000");
    check_whole(10, 0, "10", "10.000000");
    check_whole(12345, 0, "12345", "12345.000000");
    check_whole(UINT64_MAX, 0, "18446744073709551615", "18446744073709551615.000000");
    check_whole(0, 6, "0", "0.000000");
    check_whole(1, 6, "0.000001", "0.000001");
    check_whole(322344, 6, "0.322344", "0.322344");
    check_whole(1500000, 6, "1.5", "1.500000");
    check_whole(120000000, 6, "120", "120.000000");
    check_whole(UINT64_MAX, 6, "18446744073709.551615", "18446744073709.551615");
}

static void check_number(double number, const char *json, const char *csv)
{
    char text[SL_LONGEST_VALUE + 1];
    sl_sample sample = {.value.number = number};
    size_t size = sl_render_value(text, SL_JSON, &sample, SL_NUMBER);
    CHECK(strcmp(text_of(size, text), json) == 0, "%s, not %s", text, json);
    size = sl_render_value(text, SL_CSV, &sample, SL_NUMBER);
    CHECK(strcmp(text_of(size, text), csv) == 0, "%s, not %s", text, csv);
}

static void test_numbers(void)
{
    check_number(0.0, "0", "0.000000");
    check_number(1.0, "1", "1.000000");
    check_number(-3.25, "-3.25", "-3.250000");
    check_number(-12.0, "-12", "-12.000000");
    check_number(0.1, "0.1", "0.100000");
    check_number(1e-7, "1e-07", "1e-07");
    check_number(123456789.123, "123456789.123", "123456789.123000");
    check_number(9007199254740991.0, "9007199254740991", "9007199254740991.000000");
    check_number(1e22, "1e+22", "1e+22");
    check_number(0.1 + 0.2, "0.30000000000000004", "0.30000000000000004");
    check_number(NAN, "null", "NaN");
    check_number(INFINITY, "null", "+Inf");
    check_number(-INFINITY, "null", "-Inf");
}

static void test_numbers_read_back(void)
{
    static const sl_style STYLES[] = {SL_JSON, SL_CSV};
    uint64_t random = 11;
    for (int i = 0; i < MANY; i++) {
        char text[SL_LONGEST_VALUE + 1];
        sl_sample sample = {.value.whole = next_random(&random)};
        if (i % 2) sample.value.number = (double)(int64_t)(sample.value.whole >> 20) / 1000.0;
        if (!isfinite(sample.value.number)) continue;
        size_t size = sl_render_value(text, STYLES[i / 2 % 2], &sample, SL_NUMBER);
        CHECK(size <= SL_LONGEST_VALUE, "%zu", size);
        CHECK(strtod(text_of(size, text), NULL) == sample.value.number, "%s", text);
    }
}

static void add_series(sl_lines *l, const char *before, const char *between, const char *after, int decimals)
{
    char texts[128];
    snprintf(texts, sizeof texts, "%s%s%s", before, between, after);
    CHECK(sl_lines_add(l, texts, strlen(before), strlen(between), strlen(after), decimals) == 0, "%s", texts);
}

static void test_lines(void)
{
    static const char EXPECTED[] =
        "a,1970-01-01T00:00:10.000000005Z=1.5\n" "b,1970-01-01T00:00:10.000000005Z=2!\n"
        "b,1970-01-01T00:00:10.999999999Z=-1!\n" "a,1970-01-01T00:00:11.000000000Z=0\n"
        "1970-01-01T00:00:09.000000000Z7" "a,1970-01-01T00:00:11.000000000Z=0.000001\n";
    const sl_sample samples[] = {
        {0, {.whole = 1500000}, 0}, {0, {.number = 2}, 1}, {999999994, {.number = -1}, 1},
        {999999995, {.whole = 0}, 0}, {-1000000005, {.whole = 7}, 2}, {999999995, {.whole = 1}, 0},
    };
    size_t size, count = sizeof samples / sizeof *samples;
    sl_lines l;
    sl_lines_init(&l, SL_JSON, INT64_C(10000000005));
    add_series(&l, "a,", "=", "\n", 6);
    add_series(&l, "b,", "=", "!\n", SL_NUMBER);
    add_series(&l, "", "", "", 0);
    CHECK(sl_lines_render(&l, samples, count, &size) == count, "not all");
    CHECK(size == sizeof EXPECTED - 1 && memcmp(l.buffer, EXPECTED, size) == 0, "%.*s", (int)size, l.buffer);
    CHECK(sl_lines_render(&l, samples, 0, &size) == 0 && size == 0, "%zu", size);
    sl_lines_free(&l);
    CHECK(l.count == 0 && l.lines == NULL && l.buffer == NULL, "free leaves the state after init");
}

/* A piece holds whole lines, and however long a line is, at least one. */
static void test_pieces(size_t longest, size_t count)
{
    static sl_sample samples[MOST];
    char *text = malloc(longest);
    sl_lines l;
    memset(text, 'x', longest);
    text[longest - 1] = '\n';
    sl_lines_init(&l, SL_CSV, 0);
    CHECK(sl_lines_add(&l, text, longest / 2, 1, longest - longest / 2 - 1, 0) == 0, "%zu", longest);
    size_t size, at = 0, lines = 0;
    while (at < count) {
        size_t rendered = sl_lines_render(&l, samples + at, count - at, &size);
        CHECK(rendered > 0 && size <= l.buffer_capacity && l.buffer[size - 1] == '\n', "%zu of %zu", rendered, size);
        for (size_t i = 0; i < size; i++) lines += l.buffer[i] == '\n';
        at += rendered;
    }
    CHECK(at == count && lines == count, "%zu lines", lines);
    sl_lines_free(&l);
    free(text);
}

int main(void)
{
    test_times();
    test_wholes();
    test_numbers();
    test_numbers_read_back();
    test_lines();
    test_pieces(3, MOST);
    test_pieces(300, MOST);
    test_pieces(SL_PIECE / 3, 10);
    test_pieces(2 * SL_PIECE, 3);
    return 0;
}
