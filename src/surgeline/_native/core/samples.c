#include "samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define DAY INT64_C(86400)
#define MILLION 1000000
#define EXACT_BELOW 9007199254740992.0                   /* 2^53: every whole double below is exact */
#define FIXED_BELOW 1e15                                 /* six decimals of more digits would say nothing */

static const char PAIRS[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

void sl_lines_init(sl_lines *l, sl_style style, int64_t wall_offset_ns)
{
    *l = (sl_lines){.style = style, .wall_offset_ns = wall_offset_ns};
}

void sl_lines_free(sl_lines *l)
{
    free(l->lines);
    free(l->texts);
    free(l->buffer);
    sl_lines_init(l, l->style, l->wall_offset_ns);
}

/* Make room for `wanted` items in all; amortised. 0, or -1 when memory ran out. */
static int reserve(void **items, size_t *capacity, size_t wanted, size_t item_size)
{
    if (wanted <= *capacity) return 0;
    size_t larger = wanted > 2 * *capacity ? wanted : 2 * *capacity;
    if (larger > SIZE_MAX / item_size) return -1;
    void *moved = realloc(*items, larger * item_size);
    if (moved == NULL) return -1;
    *items = moved;
    *capacity = larger;
    return 0;
}

int sl_lines_add(sl_lines *l, const char *texts, size_t before, size_t between, size_t after, int decimals)
{
    size_t size = before + between + after, longest = size + SL_LONGEST_TIME + SL_LONGEST_VALUE;
    if (reserve((void **)&l->lines, &l->capacity, l->count + 1, sizeof *l->lines) < 0
        || reserve((void **)&l->texts, &l->texts_capacity, l->texts_size + size + 1, 1) < 0
        || reserve((void **)&l->buffer, &l->buffer_capacity, longest > SL_PIECE ? longest : SL_PIECE, 1) < 0)
        return -1;
    if (size) memcpy(l->texts + l->texts_size, texts, size);
    l->lines[l->count++] = (sl_line){l->texts_size, before, between, after, decimals};
    l->texts_size += size;
    return 0;
}

static char *put(char *out, const char *text, size_t size)
{
    memcpy(out, text, size);
    return out + size;
}

/* The last `digits` digits, an even number of them, with zeros in front. */
static char *put_digits(char *out, uint64_t value, int digits)
{
    for (int at = digits - 2; at >= 0; at -= 2, value /= 100) memcpy(out + at, PAIRS + 2 * (value % 100), 2);
    return out + digits;
}

static char *put_whole(char *out, uint64_t value)
{
    char digits[20], *first = digits + sizeof digits;
    for (; value >= 100; value /= 100) memcpy(first -= 2, PAIRS + 2 * (value % 100), 2);
    if (value >= 10) memcpy(first -= 2, PAIRS + 2 * value, 2);
    else *--first = (char)('0' + value);
    return put(out, first, (size_t)(digits + sizeof digits - first));
}

static char *put_fraction(char *out, uint64_t millionths, sl_style style)
{
    if (style == SL_JSON && millionths == 0) return out;
    *out++ = '.';
    out = put_digits(out, millionths, 6);
    if (style == SL_JSON) while (out[-1] == '0') out--;
    return out;
}

/* printf's text of a double has the decimal point of the locale, whatever a script may have set: ours is a point. */
static size_t with_point(char *text)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        if (strchr("0123456789+-e", *in)) *out++ = *in;
        else if (out == text || out[-1] != '.') *out++ = '.';
    }
    return (size_t)(out - text);
}

static size_t render_fixed(char *out, double number)
{
    if (fabs(number) >= FIXED_BELOW) return 0;
    snprintf(out, SL_LONGEST_VALUE, "%.6f", number);
    return strtod(out, NULL) == number ? with_point(out) : 0;
}

/* With the fewest digits, of 15 to 17, that read back as the same number. */
static size_t render_shortest(char *out, double number)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, SL_LONGEST_VALUE, "%.*g", digits, number);
        if (strtod(out, NULL) == number) break;
    }
    return with_point(out);
}

static size_t render_number(char *out, sl_style style, double number)
{
    char *at = out;
    if (!isfinite(number)) {
        const char *name = style == SL_JSON ? "null" : isnan(number) ? "NaN" : number < 0 ? "-Inf" : "+Inf";
        return (size_t)(put(out, name, strlen(name)) - out);
    }
    if (fabs(number) < EXACT_BELOW && number == floor(number)) {
        if (number < 0) *at++ = '-';
        return (size_t)(put_fraction(put_whole(at, (uint64_t)fabs(number)), 0, style) - out);
    }
    size_t size = style == SL_CSV ? render_fixed(out, number) : 0;
    return size ? size : render_shortest(out, number);
}

size_t sl_render_value(char *out, sl_style style, const sl_sample *sample, int decimals)
{
    if (decimals == SL_NUMBER) return render_number(out, style, sample->value.number);
    uint64_t whole = sample->value.whole, fraction = 0;
    if (decimals) {
        fraction = whole % MILLION;
        whole /= MILLION;
    }
    return (size_t)(put_fraction(put_whole(out, whole), fraction, style) - out);
}

/* The second that holds a time, and how far into it that is. */
static int64_t split(int64_t wall_ns, uint64_t *nanoseconds)
{
    int64_t second = wall_ns / SECOND - (wall_ns % SECOND < 0);
    *nanoseconds = (uint64_t)((wall_ns % SECOND + SECOND) % SECOND);
    return second;
}

/* The date of a day of the Unix epoch, by way of years that begin in March, where the leap day comes last: a day's
 * number in its era of 400 years gives the year, the rest of it the month. After Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms", civil_from_days. */
static char *put_date(char *out, int64_t day)
{
    uint64_t since = (uint64_t)(day + 719468), era = since / 146097, of_era = since % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100), from_march = (5 * of_year + 2) / 153;
    uint64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    out = put_digits(out, era * 400 + year + (month <= 2), 4);
    *out++ = '-';
    out = put_digits(out, month, 2);
    *out++ = '-';
    return put_digits(out, of_year - (153 * from_march + 2) / 5 + 1, 2);
}

static char *put_date_and_time(char *out, int64_t second)
{
    int64_t day = second / DAY - (second % DAY < 0);
    uint64_t of_day = (uint64_t)(second - day * DAY);
    out = put_date(out, day);
    *out++ = 'T';
    out = put_digits(out, of_day / 3600, 2);
    *out++ = ':';
    out = put_digits(out, of_day / 60 % 60, 2);
    *out++ = ':';
    return put_digits(out, of_day % 60, 2);
}

static char *put_nanoseconds(char *out, uint64_t nanoseconds)
{
    *out++ = '.';
    out = put_digits(out, nanoseconds / 10, 8);
    *out++ = (char)('0' + nanoseconds % 10);
    *out++ = 'Z';
    return out;
}

static char *put_second(char *out, sl_style style, int64_t second)
{
    if (style == SL_JSON) return put_date_and_time(out, second);
    if (second < 0) *out++ = '-';
    return put_whole(out, (uint64_t)(second < 0 ? -second : second));
}

size_t sl_render_time(char *out, sl_style style, int64_t wall_ns)
{
    uint64_t nanoseconds;
    char *end = put_second(out, style, split(wall_ns, &nanoseconds));
    return (size_t)((style == SL_JSON ? put_nanoseconds(end, nanoseconds) : end) - out);
}

/* All samples of a request have one time, and most requests the second of the one before. */
static void keep_time(sl_lines *l, int64_t time_ns)
{
    if (time_ns == l->time_ns && l->time_size) return;
    uint64_t nanoseconds;
    int64_t second = split(time_ns + l->wall_offset_ns, &nanoseconds);
    if (second == l->second && l->time_size) {
        if (l->style == SL_JSON) put_nanoseconds(l->time + l->time_size - 11, nanoseconds);
    } else {
        l->time_size = sl_render_time(l->time, l->style, time_ns + l->wall_offset_ns);
    }
    l->time_ns = time_ns;
    l->second = second;
}

size_t sl_lines_render(sl_lines *l, const sl_sample *samples, size_t count, size_t *size)
{
    char *out = l->buffer;
    size_t rendered = 0;
    for (; rendered < count; rendered++) {
        const sl_sample *sample = &samples[rendered];
        const sl_line *line = &l->lines[sample->series];
        const char *text = l->texts + line->at;
        size_t longest = line->before + line->between + line->after + SL_LONGEST_TIME + SL_LONGEST_VALUE;
        if (longest > l->buffer_capacity - (size_t)(out - l->buffer)) break;
        keep_time(l, sample->time_ns);
        out = put(out, text, line->before);
        out = put(out, l->time, l->time_size);
        out = put(out, text + line->before, line->between);
        out += sl_render_value(out, l->style, sample, line->decimals);
        out = put(out, text + line->before + line->between, line->after);
    }
    *size = (size_t)(out - l->buffer);
    return rendered;
}
