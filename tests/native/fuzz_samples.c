/* Whatever the tags of a series and the values of its samples are, the text is its parts in order, the value reads back
 * as it was, and no piece is larger than the buffer.
 *
 * An input is a byte for the style, the sizes of the three parts, the parts, and then samples (sixteen bytes each: time
 * and value) that belong to a series with that text or to one without. How to run it: see fuzz.h.
 */
#include <math.h>

#include "fuzz.h"

#include "samples.h"

enum { MOST = 64 };

static const char *after_time(const sl_lines *l, const char *at, const sl_sample *sample)
{
    char time[SL_LONGEST_TIME];
    size_t size = sl_render_time(time, l->style, sample->time_ns + l->wall_offset_ns);
    CHECK(memcmp(at, time, size) == 0, "%.*s", (int)size, at);
    return at + size;
}

static void check_reads_back(const char *text, size_t size, const sl_sample *sample, int decimals)
{
    char copy[SL_LONGEST_VALUE + 1] = "";
    CHECK(size <= SL_LONGEST_VALUE, "%zu", size);
    memcpy(copy, text, size);
    if (decimals == SL_NUMBER) {
        if (isfinite(sample->value.number)) CHECK(strtod(copy, NULL) == sample->value.number, "%s", copy);
        return;
    }
    char *end;
    uint64_t value = strtoull(copy, &end, 10), fraction = 0;
    int digits = 0;
    if (*end == '.') for (end++; *end; end++, digits++) fraction = fraction * 10 + (uint64_t)(*end - '0');
    CHECK(digits <= 6 && (decimals == 6 || fraction == 0), "%s", copy);
    for (; digits < decimals; digits++) fraction *= 10;
    CHECK(value * (decimals ? UINT64_C(1000000) : 1) + fraction == sample->value.whole, "%s", copy);
}

static void check_lines(const sl_lines *l, const sl_sample *samples, size_t rendered, size_t size)
{
    const char *at = l->buffer;
    char value[SL_LONGEST_VALUE];
    for (size_t i = 0; i < rendered; i++) {
        const sl_line *line = &l->lines[samples[i].series];
        const char *text = l->texts + line->at;
        CHECK(memcmp(at, text, line->before) == 0, "sample %zu", i);
        at = after_time(l, at + line->before, &samples[i]);
        CHECK(memcmp(at, text + line->before, line->between) == 0, "sample %zu", i);
        size_t value_size = sl_render_value(value, l->style, &samples[i], line->decimals);
        CHECK(memcmp(at + line->between, value, value_size) == 0, "sample %zu", i);
        check_reads_back(value, value_size, &samples[i], line->decimals);
        at += line->between + value_size;
        CHECK(memcmp(at, text + line->before + line->between, line->after) == 0, "sample %zu", i);
        at += line->after;
    }
    CHECK((size_t)(at - l->buffer) == size && size <= l->buffer_capacity, "%zu", size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int DECIMALS[] = {SL_NUMBER, 0, 6};
    sl_sample samples[MOST];
    sl_lines l;
    if (size < 4 || size - 4 < (size_t)data[1] + data[2] + data[3]) return 0;
    size_t parts = (size_t)data[1] + data[2] + data[3], count = 0, rendered_size;
    sl_lines_init(&l, data[0] & 1 ? SL_CSV : SL_JSON, INT64_C(1795162045901804557));
    for (int i = 0; i < 3; i++) {
        CHECK(sl_lines_add(&l, (const char *)data + 4, data[1], data[2], data[3], DECIMALS[i]) == 0, "%zu", parts);
        CHECK(sl_lines_add(&l, NULL, 0, 0, 0, DECIMALS[i]) == 0, "%zu", parts);
    }
    for (size_t at = 4 + parts; at + 16 <= size && count < MOST; at += 16, count++) {
        memcpy(&samples[count].time_ns, data + at, 8);
        memcpy(&samples[count].value, data + at + 8, 8);
        samples[count].time_ns >>= 3;
        samples[count].series = data[at] % 6;
    }
    size_t rendered = sl_lines_render(&l, samples, count, &rendered_size);
    CHECK(rendered == count, "%zu of %zu", rendered, count);
    check_lines(&l, samples, rendered, rendered_size);
    sl_lines_free(&l);
    return 0;
}
