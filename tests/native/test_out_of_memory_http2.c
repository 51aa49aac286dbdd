/* Every allocation of HTTP/2's part of the core fails once, as in test_out_of_memory.c. */
#include "limited_memory.h"

#include "hpack.c"
#include "http2.c"

/* Both ways through HPACK. Values that repeat no name, one of them as Huffman codes, so that every buffer grows. */
static void test_hpack(void)
{
    static const uint8_t HUFFMAN_CODED[] = {0x40, 0x82, 0x94, 0xe7, 0x82, 0x94, 0xe7};
    static const sl_hpack_field FIELD = {(const uint8_t *)"name", (const uint8_t *)"value", 4, 5};
    for (long allowed = 0;; allowed++) {
        sl_hpack_decoder d;
        sl_hpack_encoder e;
        sl_hpack_field field;
        sl_buffer out = {0};
        sl_hpack_decoder_init(&d);
        sl_hpack_encoder_init(&e);
        allocations_left = allowed;
        sl_hpack_begin(&d, HUFFMAN_CODED, sizeof HUFFMAN_CODED);
        sl_hpack_status status = sl_hpack_next(&d, &field);
        int done = status == SL_HPACK_FIELD && sl_hpack_put(&e, &out, &FIELD) == 0;
        CHECK(status == SL_HPACK_FIELD || status == SL_HPACK_NO_MEMORY, "%ld allocations: %d", allowed, status);
        sl_hpack_decoder_free(&d);
        sl_hpack_encoder_free(&e);
        sl_buffer_free(&out);
        if (done) return;
    }
}

/* Cut everywhere, and with a header block in two frames. */
static void test_http2(void)
{
    static const char BYTES[] = "\0\0\0\4\0\0\0\0\0\0\0\1\1\0\0\0\0\1a\0\0\1\x9\4\0\0\0\1z";
    for (long allowed = 0;; allowed++) {
        size_t at = 0, used = 0, frames = 0;
        sl_h2_status status = SL_H2_MORE;
        sl_h2 p;
        sl_h2_init(&p);
        allocations_left = allowed;
        for (; at < sizeof BYTES - 1 && status >= 0; at += used) {
            status = sl_h2_feed(&p, (const uint8_t *)BYTES + at, 1, &used);
            frames += status == SL_H2_FRAME;
        }
        CHECK(status == SL_H2_NO_MEMORY || frames == 2, "%ld allocations: %d, %zu frames", allowed, status, frames);
        sl_h2_free(&p);
        if (frames == 2) return;
    }
}

int main(void)
{
    test_hpack();
    test_http2();
    return 0;
}
