/* However the bytes of a server are cut, the reader must make the same frames of them, and none that is larger than allowed.
 *
 * An input's first byte sets the largest header block, its second how it is cut; the rest is what the server sends.
 */
#include "fuzz.h"

#include "http2.h"

enum { SETTINGS_BYTES = 2 };

typedef struct {
    sl_h2_status status;
    sl_h2_error error;
    sl_buffer frames;
} outcome;

static void note(outcome *o, const sl_h2 *p)
{
    uint8_t head[] = {(uint8_t)p->type, p->flags, (uint8_t)(p->stream >> 24), (uint8_t)(p->stream >> 16), (uint8_t)(p->stream >> 8),
                      (uint8_t)p->stream, (uint8_t)(p->size >> 8), (uint8_t)p->size};
    CHECK(p->stream <= SL_H2_MOST && p->length <= SL_H2_FRAME_BYTES, "%u, %zu", p->stream, p->length);
    CHECK(p->size <= (p->type == SL_H2_HEADERS ? p->max_block_bytes : p->length), "%zu", p->size);
    CHECK(p->type != SL_H2_CONTINUATION && p->type != SL_H2_PUSH_PROMISE && p->type <= SL_H2_CONTINUATION, "%d", p->type);
    sl_buffer_append(&o->frames, head, sizeof head);
    sl_buffer_append(&o->frames, p->payload, p->size);
}

static void feed(outcome *o, sl_h2 *p, const uint8_t *data, size_t size)
{
    uint8_t *piece = malloc(size);                       /* gone before the next */
    memcpy(piece, data, size);
    o->status = SL_H2_FRAME;
    for (size_t at = 0, used; o->status == SL_H2_FRAME; at += used) {
        o->status = sl_h2_feed(p, piece + at, size - at, &used);
        CHECK(used <= size - at && (o->status != SL_H2_MORE || used == size - at), "%zu of %zu", used, size - at);
        if (o->status == SL_H2_FRAME) note(o, p);
    }
    o->error = p->error;
    free(piece);
}

static outcome read_all(const uint8_t *data, size_t size, uint8_t most, uint8_t cut)
{
    outcome o = {.status = SL_H2_MORE};
    uint64_t random = 1u + cut;
    sl_h2 p;
    sl_h2_init(&p);
    p.max_block_bytes = 1u + most;
    for (size_t at = 0, piece; at < size && o.status == SL_H2_MORE; at += piece) {
        piece = cut ? 1 + (size_t)(next_random(&random) >> 8) % cut : size;
        if (piece > size - at) piece = size - at;
        feed(&o, &p, data + at, piece);
    }
    sl_h2_free(&p);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS_BYTES) return 0;
    outcome whole = read_all(data + SETTINGS_BYTES, size - SETTINGS_BYTES, data[0], 0);
    outcome cut = read_all(data + SETTINGS_BYTES, size - SETTINGS_BYTES, data[0], (uint8_t)(1 + data[1] % 64));
    CHECK(whole.status == cut.status && whole.error == cut.error, "%d and %d", whole.error, cut.error);
    CHECK(whole.frames.size == cut.frames.size, "%zu and %zu", whole.frames.size, cut.frames.size);
    CHECK(whole.frames.size == 0 || memcmp(whole.frames.data, cut.frames.data, cut.frames.size) == 0, "frames differ");
    sl_buffer_free(&whole.frames);
    sl_buffer_free(&cut.frames);
    return 0;
}
