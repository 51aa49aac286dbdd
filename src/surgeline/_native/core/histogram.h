/* A log-linear histogram of unsigned 64-bit values (nanoseconds, as we use it).
 *
 * Values below 1,024 have a bucket each; every octave above is split into 1,024 equal buckets, so a value reported as
 * the middle of its bucket is off by at most 1/2,048 = 0.0488 % (three significant digits of HdrHistogram).
 * Buckets live in chunks that are allocated when first used: a histogram whose values span two octaves costs about
 * 20 KB, and the whole 64-bit range is covered, so nothing is ever out of range or clamped.
 * count, minimum, maximum and sum are exact. Knows nothing of Python, threads, clocks or I/O.
 */
#ifndef SURGELINE_HISTOGRAM_H
#define SURGELINE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define SL_SUB_BITS 10                                   /* 1,024 buckets an octave */
#define SL_SUB_COUNT (1u << SL_SUB_BITS)
#define SL_CHUNK_BITS 8                                  /* 256 buckets a chunk: 2 KB */
#define SL_CHUNK_SIZE (1u << SL_CHUNK_BITS)
#define SL_BUCKETS ((64 - SL_SUB_BITS + 1) * SL_SUB_COUNT)
#define SL_CHUNKS (SL_BUCKETS / SL_CHUNK_SIZE)

typedef struct {
    uint64_t count, minimum, maximum, sum;               /* minimum is UINT64_MAX while count is 0 */
    uint64_t *chunks[SL_CHUNKS];                         /* NULL where nothing was recorded */
} sl_histogram;

void sl_histogram_init(sl_histogram *h);
void sl_histogram_free(sl_histogram *h);                 /* back to the state after init */
void sl_histogram_clear(sl_histogram *h);                /* counts to zero, chunks kept for reuse */

uint32_t sl_histogram_index(uint64_t value);             /* bucket of a value */
uint64_t sl_histogram_lowest(uint32_t index);            /* smallest value of a bucket */
uint64_t sl_histogram_width(uint32_t index);             /* how many values a bucket holds */
uint64_t sl_histogram_middle(uint32_t index);            /* lowest + width / 2: what a bucket's values are reported as */

/* 0, or -1 when memory ran out (nothing was recorded then). */
int sl_histogram_record_many(sl_histogram *h, uint64_t value, uint64_t times);
int sl_histogram_merge(sl_histogram *into, const sl_histogram *from);

/* The value at a rank (0-based, < count) of the recorded values in order, as the middle of its bucket, kept within
 * [minimum, maximum]; ranks 0 and count - 1 give minimum and maximum exactly. 0 when empty. */
uint64_t sl_histogram_at_rank(const sl_histogram *h, uint64_t rank);

/* Linear interpolation at fraction * (count - 1), as k6 and numpy do. fraction in [0, 1]. 0 when empty. */
double sl_histogram_quantile(const sl_histogram *h, double fraction);

/* Compact form: version byte, count, minimum, maximum, sum, then (bucket gap, count) pairs, all as LEB128 varints.
 * encode returns the bytes needed; it writes only if capacity suffices. decode adds to `h` and returns 0, or -1 when
 * the bytes are not such a form (h is then unchanged). */
size_t sl_histogram_encode(const sl_histogram *h, uint8_t *out, size_t capacity);
int sl_histogram_decode(sl_histogram *h, const uint8_t *data, size_t size);

/* The hot path: a count of leading zeros, two shifts, one increment. */
static inline int sl_histogram_record(sl_histogram *h, uint64_t value)
{
    uint32_t index;
    if (value < SL_SUB_COUNT) {
        index = (uint32_t)value;
    } else {
        uint32_t exponent = 63u - (uint32_t)__builtin_clzll(value);
        index = ((exponent - SL_SUB_BITS + 1) << SL_SUB_BITS)
              + (uint32_t)((value >> (exponent - SL_SUB_BITS)) & (SL_SUB_COUNT - 1));
    }
    uint64_t *chunk = h->chunks[index >> SL_CHUNK_BITS];
    if (__builtin_expect(chunk == NULL, 0)) return sl_histogram_record_many(h, value, 1);
    chunk[index & (SL_CHUNK_SIZE - 1)]++;
    h->count++;
    h->sum += value;
    if (value < h->minimum) h->minimum = value;
    if (value > h->maximum) h->maximum = value;
    return 0;
}

#endif
