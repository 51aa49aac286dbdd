/* However a stream of responses is cut, the parser must make the same of it.
 *
 * An input's first byte sets the request and the limits, the rest is what the server sends. It is fed whole, and then
 * in pieces of sizes that derive from the input. Each response of both runs must agree. How to run it: see fuzz.h.
 */
#include "fuzz.h"

#include "http1.h"

enum { TO_HEAD = 1, SMALL_LIMITS = 2, BYTE_BY_BYTE = 4, MOST_RESPONSES = 4 };

typedef struct {
    sl_http_status result;
    sl_http_error error;
    int status, minor_version, keep_alive, ended;
    uint32_t interim;
    size_t consumed, head_size, body_size;
    uint8_t *head, *body;
} outcome;

typedef struct {
    const uint8_t *data;
    size_t size;
    int options;
    uint64_t random;                                     /* 0: everything in one piece */
} stream;

static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    return copy;
}

static size_t next_piece(stream *s)
{
    if (s->random == 0 || s->size == 0) return s->size;
    size_t piece = s->options & BYTE_BY_BYTE ? 1 : 1 + (size_t)(next_random(&s->random) % 64);
    if (next_random(&s->random) % 8 == 0) piece *= 16;
    return piece < s->size ? piece : s->size;
}

static void note(outcome *o, const sl_http *p)
{
    o->error = p->error;
    o->interim = p->interim;
    if (o->result != SL_HTTP_DONE) return;
    CHECK(p->head_size <= p->max_head_bytes && p->body_size <= p->max_body_bytes, "%zu, %zu", p->head_size, p->body_size);
    o->status = p->status;
    o->minor_version = p->minor_version;
    o->keep_alive = p->keep_alive;
    o->head_size = p->head_size;
    o->body_size = p->body_size;
    o->head = copy_of(p->head, p->head_size);
    o->body = copy_of(p->body, p->body_size);
}

/* One response: each piece is fed from memory of its own, which is gone before the next. */
static outcome take_response(sl_http *p, stream *s)
{
    outcome o = {.result = SL_HTTP_MORE};
    while (s->size > 0 && o.result == SL_HTTP_MORE) {
        size_t used = 0, size = next_piece(s);
        uint8_t *piece = copy_of(s->data, size);
        o.result = sl_http_feed(p, piece, size, &used);
        CHECK(used <= size && (o.result != SL_HTTP_MORE || used == size), "%zu of %zu", used, size);
        if (o.result == SL_HTTP_DONE) note(&o, p);
        free(piece);
        s->data += used;
        s->size -= used;
        o.consumed += used;
    }
    if (o.result == SL_HTTP_DONE) return o;
    o.ended = o.result == SL_HTTP_MORE;
    o.result = sl_http_end(p);
    note(&o, p);
    return o;
}

static size_t take_stream(stream s, outcome *outcomes)
{
    size_t count = 0;
    sl_http p;
    sl_http_init(&p);
    if (s.options & SMALL_LIMITS) {
        p.max_head_bytes = 100;
        p.max_headers = 4;
        p.max_interim = 1;
        p.max_body_bytes = 20;
    }
    while (count < MOST_RESPONSES) {
        sl_http_reset(&p, count == 0 && (s.options & TO_HEAD));
        outcomes[count] = take_response(&p, &s);
        if (outcomes[count++].result != SL_HTTP_DONE || s.size == 0) break;
    }
    sl_http_free(&p);
    return count;
}

static void check_same(const outcome *a, const outcome *b)
{
    CHECK(a->result == b->result && a->error == b->error, "%d and %d", a->error, b->error);
    CHECK(a->interim == b->interim && a->ended == b->ended, "%u and %u", a->interim, b->interim);
    if (a->result != SL_HTTP_DONE) return;
    CHECK(a->consumed == b->consumed, "%zu and %zu", a->consumed, b->consumed);
    CHECK(a->status == b->status && a->minor_version == b->minor_version, "%d and %d", a->status, b->status);
    CHECK(a->keep_alive == b->keep_alive, "%d and %d", a->keep_alive, b->keep_alive);
    CHECK(a->head_size == b->head_size && memcmp(a->head, b->head, a->head_size) == 0, "heads differ");
    CHECK(a->body_size == b->body_size && memcmp(a->body, b->body, a->body_size) == 0, "bodies differ");
}

static uint64_t hash_of(const uint8_t *data, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++) hash = (hash ^ data[i]) * UINT64_C(1099511628211);
    return hash | 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    outcome whole[MOST_RESPONSES], cut[MOST_RESPONSES];
    if (size == 0) return 0;
    stream s = {data + 1, size - 1, data[0], 0};
    size_t count = take_stream(s, whole);
    s.random = hash_of(data, size);
    size_t cut_count = take_stream(s, cut);
    CHECK(count == cut_count, "%zu and %zu responses", count, cut_count);
    for (size_t i = 0; i < count; i++) {
        check_same(&whole[i], &cut[i]);
        free(whole[i].head);
        free(whole[i].body);
        free(cut[i].head);
        free(cut[i].body);
    }
    return 0;
}
