/* Samples as they were recorded, and the lines of text that they become: k6's JSON and k6's CSV.
 *
 * A line is five parts: what stands before the time, the time, what stands between, the value, what stands after. The
 * first, third and last are the same for all samples of a series and are given once. Times and values are exact: what a
 * line says reads back as the number that was recorded. Knows nothing of Python, threads, clocks or I/O.
 */
#ifndef SURGELINE_SAMPLES_H
#define SURGELINE_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t time_ns;                                     /* of the monotonic clock */
    union {
        double number;                                   /* of a series with SL_NUMBER */
        uint64_t whole;                                  /* of all others */
    } value;
    uint32_t series;                                     /* which line of sl_lines */
} sl_sample;

#define SL_NUMBER (-1)                                   /* in place of decimals: the value is a double */
#define SL_PIECE ((size_t)1 << 20)                       /* how much text is rendered at once; the cache holds it */
#define SL_LONGEST_TIME 32
#define SL_LONGEST_VALUE 40

typedef enum {
    SL_JSON,                                             /* RFC 3339 in UTC with nanoseconds; the shortest value */
    SL_CSV                                               /* seconds of the Unix epoch; six decimals or more */
} sl_style;

typedef struct {
    size_t at;                                           /* of the three parts, one after the other, in `texts` */
    size_t before, between, after;
    int decimals;                                        /* 0 or 6 of whole values, or SL_NUMBER */
} sl_line;

typedef struct {
    sl_style style;
    int64_t wall_offset_ns;                              /* wall clock minus monotonic clock */
    sl_line *lines;
    size_t count, capacity;
    char *texts;
    size_t texts_size, texts_capacity;
    char *buffer;
    size_t buffer_capacity;
    int64_t time_ns, second;                             /* what `time` and the start of `time` say */
    size_t time_size;
    char time[SL_LONGEST_TIME];
} sl_lines;

void sl_lines_init(sl_lines *l, sl_style style, int64_t wall_offset_ns);
void sl_lines_free(sl_lines *l);

/* Add the line of the next series; they are numbered from 0. `texts` holds the three parts one after the other. 0, or
 * -1 when memory ran out (nothing was added then). */
int sl_lines_add(sl_lines *l, const char *texts, size_t before, size_t between, size_t after, int decimals);

/* Render the first of `count` samples, as many whole lines as `buffer` holds, and at least one. Returns how many, and
 * the size of their text. Every series must have been added. */
size_t sl_lines_render(sl_lines *l, const sl_sample *samples, size_t count, size_t *size);

/* Write a time or a value without an ending; returns the size. */
size_t sl_render_time(char *out, sl_style style, int64_t wall_ns);
size_t sl_render_value(char *out, sl_style style, const sl_sample *sample, int decimals);

#endif
