/* Exact bytes and the frames they must give, fed whole, byte by byte and cut at every position; and what is written. */
#include "http2.h"

#include "wire.h"

typedef struct {
    sl_h2_type type;
    uint8_t flags;
    uint32_t stream;
    wire payload;
    size_t length;                                       /* 0: that of the payload */
} frame;

typedef struct {
    const char *name;
    wire in;
    frame frames[4];
    size_t count;
} conversation;

#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define BEGUN {.type = SL_H2_SETTINGS, .payload = B("")}

static const conversation CONVERSATIONS[] = {
    {"settings, and their acknowledgement", B("\0\0\6\4\0\0\0\0\0\0\4\0\0\xff\xff\0\0\0\4\1\0\0\0\0"),
     {{.type = SL_H2_SETTINGS, .payload = B("\0\4\0\0\xff\xff")}, {.type = SL_H2_SETTINGS, .flags = 1, .payload = B("")}}, 2},
    {"data", B(SETTINGS "\0\0\3\0\1\0\0\0\1abc"), {BEGUN, {.type = SL_H2_DATA, .flags = 1, .stream = 1, .payload = B("abc")}}, 2},
    {"the reserved bit", B(SETTINGS "\0\0\1\0\0\x80\0\0\1a"), {BEGUN, {.type = SL_H2_DATA, .stream = 1, .payload = B("a")}}, 2},
    {"padding", B(SETTINGS "\0\0\6\0\x8\0\0\0\1\2abc\0\0\0\0\3\0\x8\0\0\0\1\2\0\0"),
     {BEGUN, {.type = SL_H2_DATA, .flags = 8, .stream = 1, .payload = B("abc"), .length = 6},
      {.type = SL_H2_DATA, .flags = 8, .stream = 1, .payload = B(""), .length = 3}}, 3},
    {"headers with padding and a priority", B(SETTINGS "\0\0\x9\1\x2c\0\0\0\3\1\0\0\0\0\1ab\0"),
     {BEGUN, {.type = SL_H2_HEADERS, .flags = 0x2c, .stream = 3, .payload = B("ab"), .length = 9}}, 2},
    {"a block in pieces", B(SETTINGS "\0\0\2\1\1\0\0\0\1ab\0\0\0\x9\0\0\0\0\1\0\0\1\x9\4\0\0\0\1" "c"),
     {BEGUN, {.type = SL_H2_HEADERS, .flags = 5, .stream = 1, .payload = B("abc"), .length = 1}}, 2},
    {"a block of nothing in pieces", B(SETTINGS "\0\0\0\1\0\0\0\0\1\0\0\0\x9\4\0\0\0\1"),
     {BEGUN, {.type = SL_H2_HEADERS, .flags = 4, .stream = 1, .payload = B("")}}, 2},
    {"what is passed over", B(SETTINGS "\0\0\5\2\0\0\0\0\1abcde\0\0\1\x77\xff\0\0\0\0x\0\0\0\0\1\0\0\0\1"),
     {BEGUN, {.type = SL_H2_DATA, .flags = 1, .stream = 1, .payload = B("")}}, 2},
    {"reset, ping and farewell",
     B(SETTINGS "\0\0\4\3\0\0\0\0\1\0\0\0\x8\0\0\x8\6\0\0\0\0\0" "12345678\0\0\xb\7\0\0\0\0\0\0\0\0\1\0\0\0\2bye"),
     {BEGUN, {.type = SL_H2_RST_STREAM, .stream = 1, .payload = B("\0\0\0\x8")}, {.type = SL_H2_PING, .payload = B("12345678")},
      {.type = SL_H2_GOAWAY, .payload = B("\0\0\0\1\0\0\0\2bye")}}, 4},
    {"windows", B(SETTINGS "\0\0\4\x8\0\0\0\0\0\0\0\0\1\0\0\4\x8\0\0\0\0\1\x7f\xff\xff\xff"),
     {BEGUN, {.type = SL_H2_WINDOW_UPDATE, .payload = B("\0\0\0\1")},
      {.type = SL_H2_WINDOW_UPDATE, .stream = 1, .payload = B("\x7f\xff\xff\xff")}}, 3},
};

static const struct {
    const char *name;
    wire in;
    sl_h2_error error;
} BROKEN[] = {
    {"another protocol", B("HTTP/1.1 400 Bad Request\r\n\r\n"), SL_H2_FRAME_SIZE_ERROR},
    {"no settings first", B("\0\0\0\0\0\0\0\0\1"), SL_H2_PROTOCOL_ERROR},
    {"an acknowledgement first", B("\0\0\0\4\1\0\0\0\0"), SL_H2_PROTOCOL_ERROR},
    {"a frame too large", B(SETTINGS "\0\x40\1\0\0\0\0\0\1"), SL_H2_FRAME_SIZE_ERROR},
    {"settings of a stream", B("\0\0\0\4\0\0\0\0\1"), SL_H2_PROTOCOL_ERROR},
    {"settings cut", B("\0\0\5\4\0\0\0\0\0\0\4\0\0\0"), SL_H2_FRAME_SIZE_ERROR},
    {"an acknowledgement with settings", B(SETTINGS "\0\0\6\4\1\0\0\0\0\0\4\0\0\0\0"), SL_H2_FRAME_SIZE_ERROR},
    {"a window too large", B("\0\0\6\4\0\0\0\0\0\0\4\x80\0\0\0"), SL_H2_FLOW_CONTROL_ERROR},
    {"frames too small", B("\0\0\6\4\0\0\0\0\0\0\5\0\0\x3f\xff"), SL_H2_PROTOCOL_ERROR},
    {"frames too large", B("\0\0\6\4\0\0\0\0\0\0\5\1\0\0\0"), SL_H2_PROTOCOL_ERROR},
    {"a server that is pushed to", B("\0\0\6\4\0\0\0\0\0\0\2\0\0\0\1"), SL_H2_PROTOCOL_ERROR},
    {"data of no stream", B(SETTINGS "\0\0\0\0\0\0\0\0\0"), SL_H2_PROTOCOL_ERROR},
    {"padding of nothing", B(SETTINGS "\0\0\0\0\x8\0\0\0\1"), SL_H2_PROTOCOL_ERROR},
    {"more padding than there is", B(SETTINGS "\0\0\2\0\x8\0\0\0\1\2a"), SL_H2_PROTOCOL_ERROR},
    {"headers of no stream", B(SETTINGS "\0\0\0\1\4\0\0\0\0"), SL_H2_PROTOCOL_ERROR},
    {"a priority cut", B(SETTINGS "\0\0\4\1\x24\0\0\0\1abcd"), SL_H2_PROTOCOL_ERROR},
    {"a block too large", B(SETTINGS "\0\0\7\1\4\0\0\0\1" "1234567"), SL_H2_ENHANCE_YOUR_CALM},
    {"a block in pieces too large", B(SETTINGS "\0\0\6\1\0\0\0\0\1" "123456\0\0\1\x9\4\0\0\0\1" "7"), SL_H2_ENHANCE_YOUR_CALM},
    {"a block that another frame breaks", B(SETTINGS "\0\0\0\1\0\0\0\0\1\0\0\0\0\0\0\0\0\1"), SL_H2_PROTOCOL_ERROR},
    {"a block that goes on in another stream", B(SETTINGS "\0\0\0\1\0\0\0\0\1\0\0\0\x9\4\0\0\0\3"), SL_H2_PROTOCOL_ERROR},
    {"what continues nothing", B(SETTINGS "\0\0\0\x9\4\0\0\0\1"), SL_H2_PROTOCOL_ERROR},
    {"a reset of no stream", B(SETTINGS "\0\0\4\3\0\0\0\0\0\0\0\0\1"), SL_H2_PROTOCOL_ERROR},
    {"a reset cut", B(SETTINGS "\0\0\3\3\0\0\0\0\1\0\0\0"), SL_H2_FRAME_SIZE_ERROR},
    {"a window of nothing", B(SETTINGS "\0\0\4\x8\0\0\0\0\0\x80\0\0\0"), SL_H2_PROTOCOL_ERROR},
    {"a window cut", B(SETTINGS "\0\0\3\x8\0\0\0\0\0\0\0\1"), SL_H2_FRAME_SIZE_ERROR},
    {"a ping of a stream", B(SETTINGS "\0\0\x8\6\0\0\0\0\1" "12345678"), SL_H2_PROTOCOL_ERROR},
    {"a ping cut", B(SETTINGS "\0\0\7\6\0\0\0\0\0" "1234567"), SL_H2_FRAME_SIZE_ERROR},
    {"a farewell cut", B(SETTINGS "\0\0\7\7\0\0\0\0\0" "1234567"), SL_H2_FRAME_SIZE_ERROR},
    {"a promise", B(SETTINGS "\0\0\4\5\4\0\0\0\1\0\0\0\2"), SL_H2_PROTOCOL_ERROR},
};

/* A piece is gone before the next is fed. */
static sl_h2_status feed_piece(sl_h2 *p, const char *bytes, size_t size, const conversation *c, size_t *count)
{
    uint8_t *exact = malloc(size ? size : 1);
    sl_h2_status status = SL_H2_FRAME;
    memcpy(exact, bytes, size);
    for (size_t at = 0, used; status == SL_H2_FRAME; at += used) {
        status = sl_h2_feed(p, exact + at, size - at, &used);
        if (status == SL_H2_MORE) CHECK(used == size - at, "%zu of %zu", used, size - at);
        if (status != SL_H2_FRAME || c == NULL) continue;
        const frame *expected = &c->frames[*count];
        CHECK(++*count <= c->count, "%zu", *count);
        CHECK(p->type == expected->type && p->flags == expected->flags, "frame %zu: type %d, %d", *count, p->type, p->flags);
        CHECK(p->stream == expected->stream && p->size == expected->payload.size, "frame %zu: %zu", *count, p->size);
        CHECK(memcmp(p->payload, expected->payload.bytes, p->size) == 0, "frame %zu", *count);
        CHECK(p->type != SL_H2_DATA || p->length == (expected->length ? expected->length : p->size), "%zu", p->length);
    }
    free(exact);
    return status;
}

static void feed_cut(const conversation *c, wire in, size_t first, size_t step, sl_h2_error error)
{
    size_t count = 0;
    sl_h2_status status = SL_H2_MORE;
    sl_h2 p;
    sl_h2_init(&p);
    p.max_block_bytes = 6;
    for (size_t at = 0, size = first; at < in.size && status == SL_H2_MORE; at += size, size = step) {
        if (size > in.size - at) size = in.size - at;
        status = feed_piece(&p, in.bytes + at, size, c, &count);
    }
    if (c == NULL) CHECK(status == SL_H2_BROKEN && p.error == error, "%d, error %d", status, p.error);
    else CHECK(status == SL_H2_MORE && count == c->count, "%d after %zu frames", status, count);
    sl_h2_free(&p);
}

static void feed_in_every_way(const conversation *c, wire in, sl_h2_error error)
{
    feed_cut(c, in, in.size, in.size, error);
    for (size_t first = 0; first < in.size; first++) feed_cut(c, in, first, in.size, error);
    for (size_t step = 1; step < 12; step++) feed_cut(c, in, step, step, error);
}

static void check_bytes(sl_buffer *out, wire expected)
{
    CHECK(out->size == expected.size && memcmp(out->data, expected.bytes, expected.size) == 0, "%zu bytes", out->size);
    out->size = 0;
}

static void test_writing(void)
{
    sl_buffer out = {0};
    check_context = "writing";
    CHECK(sl_h2_put(&out, SL_H2_DATA, SL_H2_END_STREAM, 0x01020304, (const uint8_t *)"abc", 3) == 0, "memory");
    check_bytes(&out, (wire)B("\0\0\3\0\1\1\2\3\4abc"));
    CHECK(sl_h2_put_number(&out, SL_H2_WINDOW_UPDATE, 1, 0x7fffffff) == 0, "memory");
    check_bytes(&out, (wire)B("\0\0\4\x8\0\0\0\0\1\x7f\xff\xff\xff"));
    CHECK(sl_h2_put_setting(&out, SL_H2_INITIAL_WINDOW_SIZE, 65536) == 0, "memory");
    check_bytes(&out, (wire)B("\0\4\0\1\0\0"));
    CHECK(sl_h2_put_block(&out, SL_H2_END_STREAM, 1, (const uint8_t *)"abcd", 4, 4) == 0, "memory");
    check_bytes(&out, (wire)B("\0\0\4\1\5\0\0\0\1" "abcd"));
    CHECK(sl_h2_put_block(&out, SL_H2_END_STREAM, 1, (const uint8_t *)"abcdefghi", 9, 4) == 0, "memory");
    check_bytes(&out, (wire)B("\0\0\4\1\1\0\0\0\1" "abcd\0\0\4\x9\0\0\0\0\1" "efgh\0\0\1\x9\4\0\0\0\1i"));
    sl_buffer_free(&out);
    CHECK(strcmp(sl_h2_error_name(SL_H2_HTTP_1_1_REQUIRED), "HTTP_1_1_REQUIRED") == 0, "its name");
    CHECK(strcmp(sl_h2_error_name(14), "") == 0, "no name");
}

int main(void)
{
    for (size_t i = 0; i < sizeof CONVERSATIONS / sizeof *CONVERSATIONS; i++) {
        check_context = CONVERSATIONS[i].name;
        feed_in_every_way(&CONVERSATIONS[i], CONVERSATIONS[i].in, SL_H2_NO_ERROR);
    }
    for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
        check_context = BROKEN[i].name;
        feed_in_every_way(NULL, BROKEN[i].in, BROKEN[i].error);
    }
    test_writing();
    return 0;
}
