#include "histogram.h"

#include <stdlib.h>
#include <string.h>

enum { FORM_VERSION = 1 };

/* Buckets */

uint32_t sl_histogram_index(uint64_t value)
{
    if (value < SL_SUB_COUNT) return (uint32_t)value;
    uint32_t shift = 63u - (uint32_t)__builtin_clzll(value) - SL_SUB_BITS;
    return ((shift + 1) << SL_SUB_BITS) + (uint32_t)((value >> shift) & (SL_SUB_COUNT - 1));
}

static uint32_t shift_of(uint32_t index)
{
    return index < SL_SUB_COUNT ? 0 : (index >> SL_SUB_BITS) - 1;
}

uint64_t sl_histogram_lowest(uint32_t index)
{
    if (index < SL_SUB_COUNT) return index;
    return (uint64_t)(SL_SUB_COUNT + (index & (SL_SUB_COUNT - 1))) << shift_of(index);
}

uint64_t sl_histogram_width(uint32_t index)
{
    return (uint64_t)1 << shift_of(index);
}

uint64_t sl_histogram_middle(uint32_t index)
{
    return sl_histogram_lowest(index) + sl_histogram_width(index) / 2;
}

/* Recording */

void sl_histogram_init(sl_histogram *h)
{
    memset(h, 0, sizeof *h);
    h->minimum = UINT64_MAX;
}

void sl_histogram_free(sl_histogram *h)
{
    for (size_t i = 0; i < SL_CHUNKS; i++) free(h->chunks[i]);
    sl_histogram_init(h);
}

void sl_histogram_clear(sl_histogram *h)
{
    for (size_t i = 0; i < SL_CHUNKS; i++) {
        if (h->chunks[i] != NULL) memset(h->chunks[i], 0, SL_CHUNK_SIZE * sizeof(uint64_t));
    }
    h->count = h->maximum = h->sum = 0;
    h->minimum = UINT64_MAX;
}

static uint64_t *chunk_at(sl_histogram *h, size_t number)
{
    if (h->chunks[number] == NULL) h->chunks[number] = calloc(SL_CHUNK_SIZE, sizeof(uint64_t));
    return h->chunks[number];
}

static void add_totals(sl_histogram *h, uint64_t count, uint64_t minimum, uint64_t maximum, uint64_t sum)
{
    h->count += count;
    h->sum += sum;
    if (minimum < h->minimum) h->minimum = minimum;
    if (maximum > h->maximum) h->maximum = maximum;
}

int sl_histogram_record_many(sl_histogram *h, uint64_t value, uint64_t times)
{
    if (times == 0) return 0;
    uint32_t index = sl_histogram_index(value);
    uint64_t *chunk = chunk_at(h, index >> SL_CHUNK_BITS);
    if (chunk == NULL) return -1;
    chunk[index & (SL_CHUNK_SIZE - 1)] += times;
    add_totals(h, times, value, value, value * times);
    return 0;
}

static void add_chunk(uint64_t *into, const uint64_t *from)
{
    for (size_t i = 0; i < SL_CHUNK_SIZE; i++) into[i] += from[i];
}

int sl_histogram_merge(sl_histogram *into, const sl_histogram *from)
{
    /* All memory first, so that a failure leaves the counts as they were. */
    for (size_t i = 0; i < SL_CHUNKS; i++) {
        if (from->chunks[i] != NULL && chunk_at(into, i) == NULL) return -1;
    }
    for (size_t i = 0; i < SL_CHUNKS; i++) {
        if (from->chunks[i] != NULL) add_chunk(into->chunks[i], from->chunks[i]);
    }
    add_totals(into, from->count, from->minimum, from->maximum, from->sum);
    return 0;
}

/* Reading */

static uint64_t within_range(const sl_histogram *h, uint64_t value)
{
    if (value < h->minimum) return h->minimum;
    return value > h->maximum ? h->maximum : value;
}

/* Index of the bucket in which `*rank` falls, or SL_CHUNK_SIZE with the chunk's count taken off `*rank`. */
static uint32_t find_in_chunk(const uint64_t *chunk, uint64_t *rank)
{
    for (uint32_t i = 0; i < SL_CHUNK_SIZE; i++) {
        if (*rank < chunk[i]) return i;
        *rank -= chunk[i];
    }
    return SL_CHUNK_SIZE;
}

uint64_t sl_histogram_at_rank(const sl_histogram *h, uint64_t rank)
{
    if (h->count == 0) return 0;
    if (rank == 0) return h->minimum;
    if (rank >= h->count - 1) return h->maximum;
    for (uint32_t number = 0; number < SL_CHUNKS; number++) {
        if (h->chunks[number] == NULL) continue;
        uint32_t offset = find_in_chunk(h->chunks[number], &rank);
        if (offset < SL_CHUNK_SIZE) return within_range(h, sl_histogram_middle(number * SL_CHUNK_SIZE + offset));
    }
    return h->maximum;
}

double sl_histogram_quantile(const sl_histogram *h, double fraction)
{
    if (h->count == 0) return 0.0;
    if (!(fraction > 0.0)) return (double)h->minimum;
    double position = fraction * (double)(h->count - 1);
    if (position >= (double)(h->count - 1)) return (double)h->maximum;
    uint64_t rank = (uint64_t)position;
    double below = (double)sl_histogram_at_rank(h, rank);
    double above = (double)sl_histogram_at_rank(h, rank + 1);
    return below + (above - below) * (position - (double)rank);
}

/* The compact form. Every histogram has exactly one: varints are of minimal length, a bucket gap is the number of
 * empty buckets passed over, and no pair has a count of zero. */

static size_t put_varint(uint8_t *out, size_t at, uint64_t value)
{
    for (;; value >>= 7, at++) {
        if (out != NULL) out[at] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        if (value <= 0x7f) return at + 1;
    }
}

static size_t put_chunk(uint8_t *out, size_t at, const uint64_t *chunk, uint32_t first, uint32_t *next)
{
    for (uint32_t i = 0; i < SL_CHUNK_SIZE; i++) {
        if (chunk[i] == 0) continue;
        at = put_varint(out, at, first + i - *next);
        at = put_varint(out, at, chunk[i]);
        *next = first + i + 1;
    }
    return at;
}

/* Only measures when out is NULL. */
static size_t put_form(uint8_t *out, const sl_histogram *h)
{
    const uint64_t head[] = {FORM_VERSION, h->count, h->minimum, h->maximum, h->sum};
    size_t at = 0;
    uint32_t next = 0;
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) at = put_varint(out, at, head[i]);
    for (uint32_t i = 0; i < SL_CHUNKS; i++) {
        if (h->chunks[i] != NULL) at = put_chunk(out, at, h->chunks[i], i * SL_CHUNK_SIZE, &next);
    }
    return at;
}

size_t sl_histogram_encode(const sl_histogram *h, uint8_t *out, size_t capacity)
{
    size_t size = put_form(NULL, h);
    if (out != NULL && size <= capacity) put_form(out, h);
    return size;
}

typedef struct {
    const uint8_t *at, *end;
    int bad;
    uint32_t next;                                       /* the bucket after the last pair */
} form_reader;

static uint64_t get_varint(form_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80) continue;
        r->bad |= (shift > 0 && byte == 0) || (shift == 63 && byte > 1);
        return value;
    }
    r->bad = 1;
    return 0;
}

static uint64_t get_pair(form_reader *r, uint32_t *index)
{
    uint64_t gap = get_varint(r);
    uint64_t count = get_varint(r);
    r->bad |= count == 0 || gap >= SL_BUCKETS - r->next;
    if (r->bad) return 0;
    *index = r->next + (uint32_t)gap;
    r->next = *index + 1;
    return count;
}

typedef struct {
    uint64_t count, minimum, maximum, sum;
} totals;

static totals get_totals(form_reader *r)
{
    r->bad |= get_varint(r) != FORM_VERSION;
    totals t;
    t.count = get_varint(r);
    t.minimum = get_varint(r);
    t.maximum = get_varint(r);
    t.sum = get_varint(r);
    return t;
}

typedef struct {
    uint64_t count, lowest_sum, spread;                  /* the sum lies in lowest_sum + [0, spread], modulo 2^64 */
    uint32_t first, last;
    int overflow;
} pair_summary;

static void add_pair(pair_summary *s, uint32_t index, uint64_t count)
{
    uint64_t slack = sl_histogram_width(index) - 1;
    if (s->count == 0) s->first = index;
    s->last = index;
    s->overflow |= count > UINT64_MAX - s->count;
    s->count += count;
    s->lowest_sum += sl_histogram_lowest(index) * count;
    if (slack != 0 && count > (UINT64_MAX - s->spread) / slack) s->spread = UINT64_MAX;
    else s->spread += slack * count;
}

static int totals_fit(const totals *t, const pair_summary *s)
{
    if (s->overflow || t->count != s->count) return 0;
    if (t->count == 0) return t->minimum == UINT64_MAX && t->maximum == 0 && t->sum == 0;
    return t->minimum <= t->maximum && sl_histogram_index(t->minimum) == s->first
        && sl_histogram_index(t->maximum) == s->last && t->sum - s->lowest_sum <= s->spread;
}

/* Reads the whole form and makes the chunks it needs, but adds nothing yet. */
static int check_pairs(sl_histogram *h, form_reader r, const totals *t)
{
    pair_summary s = {0};
    for (form_reader all = r; all.at < all.end;) {
        uint32_t index = 0;
        uint64_t count = get_pair(&all, &index);
        if (all.bad) return -1;
        add_pair(&s, index, count);
    }
    if (!totals_fit(t, &s) || t->count > UINT64_MAX - h->count) return -1;
    while (r.at < r.end) {
        uint32_t index = 0;
        get_pair(&r, &index);
        if (chunk_at(h, index >> SL_CHUNK_BITS) == NULL) return -1;
    }
    return 0;
}

int sl_histogram_decode(sl_histogram *h, const uint8_t *data, size_t size)
{
    if (size == 0) return -1;
    form_reader r = {data, data + size, 0, 0};
    totals t = get_totals(&r);
    if (r.bad || check_pairs(h, r, &t) < 0) return -1;
    while (r.at < r.end) {
        uint32_t index = 0;
        uint64_t count = get_pair(&r, &index);
        h->chunks[index >> SL_CHUNK_BITS][index & (SL_CHUNK_SIZE - 1)] += count;
    }
    add_totals(h, t.count, t.minimum, t.maximum, t.sum);
    return 0;
}
