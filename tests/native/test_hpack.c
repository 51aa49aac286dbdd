/* Blocks and the fields they must give: those of RFC 7541, appendix C, what may not be, and what the encoder writes. */
#include "hpack.h"

#include "wire.h"

typedef struct {
    const char *name;
    uint32_t limit;                                      /* of the table */
    wire blocks[3];
    const char *fields[3];
    uint32_t used;                                       /* of the table, in the end */
} conversation;

#define REQUEST ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n"
#define REDIRECT "cache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n"
#define COOKIE "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"

static const conversation CONVERSATIONS[] = {
    {"C.2", SL_HPACK_TABLE,
     {B("\x40\x0a" "custom-key\x0d" "custom-header"), B("\x04\x0c/sample/path"), B("\x10\x08password\x06secret")},
     {"custom-key: custom-header\n", ":path: /sample/path\n", "password: secret\n"}, 55},
    {"C.3, without Huffman codes", SL_HPACK_TABLE,
     {B("\x82\x86\x84\x41\x0fwww.example.com"), B("\x82\x86\x84\xbe\x58\x08no-cache"),
      B("\x82\x87\x85\xbf\x40\x0a" "custom-key\x0c" "custom-value")},
     {REQUEST, REQUEST "cache-control: no-cache\n",
      ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n"}, 164},
    {"C.4, with Huffman codes", SL_HPACK_TABLE,
     {B("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), B("\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf"),
      B("\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf")},
     {REQUEST, REQUEST "cache-control: no-cache\n",
      ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n"}, 164},
    {"C.6, entries that others push out", 256,
     {B("\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0"
        "\x82\xa6\x2d\x1b\xff\x6e\x91\x9d\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43\xd3"),
      B("\x48\x83\x64\x0e\xff\xc1\xc0\xbf"),
      B("\x88\xc1\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x84\xa6\x2d\x1b\xff\xc0\x5a\x83\x9b"
        "\xd9\xab\x77\xad\x94\xe7\x82\x1d\xd7\xf2\xe6\xc7\xb3\x35\xdf\xdf\xcd\x5b\x39\x60\xd5\xaf\x27\x08\x7f\x36\x72\xc1\xab\x27"
        "\x0f\xb5\x29\x1f\x95\x87\x31\x60\x65\xc0\x03\xed\x4e\xe5\xb1\x06\x3d\x50\x07")},
     {":status: 302\n" REDIRECT, ":status: 307\n" REDIRECT,
      ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\n"
      "content-encoding: gzip\nset-cookie: " COOKIE "\n"}, 215},
    {"sizes that change", SL_HPACK_TABLE, {B("\x40\x01" "a\x01" "b"), B("\x20\x3f\xe1\x1f\x40\x01" "c\x01" "d"), B("")},
     {"a: b\n", "c: d\n", NULL}, 34},
    {"an entry that is larger than the table empties it", 40, {B("\x40\x01" "a\x01" "b"), B("\x40\x04long\x08" "and wide"), B("")},
     {"a: b\n", "long: and wide\n", ""}, 0},
    {"a name out of an entry that its own entry pushes out", 40, {B("\x40\x01" "a\x01" "b"), B("\x7e\x03" "cde"), B("\xbe")},
     {"a: b\n", "a: cde\n", "a: cde\n"}, 36},
    {"nothing in name and value", SL_HPACK_TABLE, {B("\x40\x80\x80"), B("\xbe\x40\x00\x00"), B("\x7e\x00")},
     {": \n", ": \n: \n", ": \n"}, 96},
};

static const struct {
    const char *name;
    wire block;
} MALFORMED[] = {
    {"index 0", B("\x80")},
    {"an index above both tables", B("\xbe")},
    {"a name above both tables", B("\x7e\x01" "a")},
    {"an index without end", B("\xff\x80\x80\x80\x80\x80\x80\x80\x01")},
    {"an index that is cut", B("\xff\x80")},
    {"no name", B("\x40")},
    {"a name that is cut", B("\x40\x05" "abc")},
    {"no value", B("\x40\x01" "a")},
    {"a value that is cut", B("\x40\x01" "a\x02" "b")},
    {"a table above what we allow", B("\x3f\xe2\x1f")},
    {"a table's size after a field", B("\x88\x20")},
    {"Huffman codes that end in eight ones", B("\x00\x81\xff\x00")},
    {"Huffman codes that end in a zero", B("\x00\x81\x18\x00")},
    {"Huffman's mark of the end", B("\x00\x84\xff\xff\xff\xff\x00")},
};

static sl_hpack_status decode(sl_hpack_decoder *d, wire block, char *text)
{
    sl_hpack_field field;
    sl_hpack_status status;
    uint8_t *exact = malloc(block.size ? block.size : 1);
    memcpy(exact, block.bytes, block.size);
    sl_hpack_begin(d, exact, block.size);
    while ((status = sl_hpack_next(d, &field)) == SL_HPACK_FIELD) {
        text += sprintf(text, "%.*s: %.*s\n", (int)field.name_size, (const char *)field.name, (int)field.value_size,
                        (const char *)field.value);
    }
    *text = '\0';
    free(exact);
    return status;
}

static void test_conversations(void)
{
    static char text[4096];
    for (size_t i = 0; i < sizeof CONVERSATIONS / sizeof *CONVERSATIONS; i++) {
        const conversation *c = &CONVERSATIONS[i];
        sl_hpack_decoder d;
        check_context = c->name;
        sl_hpack_decoder_init(&d);
        d.table.limit = c->limit;
        for (size_t j = 0; j < 3 && c->fields[j] != NULL; j++) {
            CHECK(decode(&d, c->blocks[j], text) == SL_HPACK_END, "block %zu: %s", j, text);
            CHECK(strcmp(text, c->fields[j]) == 0, "block %zu: %s", j, text);
        }
        CHECK(d.table.used == c->used, "%u", d.table.used);
        sl_hpack_decoder_free(&d);
    }
}

static void test_malformed(void)
{
    static char text[4096];
    for (size_t i = 0; i < sizeof MALFORMED / sizeof *MALFORMED; i++) {
        sl_hpack_decoder d;
        check_context = MALFORMED[i].name;
        sl_hpack_decoder_init(&d);
        CHECK(decode(&d, MALFORMED[i].block, text) == SL_HPACK_MALFORMED, "%s", text);
        sl_hpack_decoder_free(&d);
    }
}

static sl_hpack_field field_of(const char *name, const char *value)
{
    return (sl_hpack_field){(const uint8_t *)name, (const uint8_t *)value, strlen(name), strlen(value)};
}

static void check_bytes(const sl_buffer *out, wire expected)
{
    CHECK(out->size == expected.size && memcmp(out->data, expected.bytes, expected.size) == 0, "%zu bytes", out->size);
}

static void put(sl_hpack_encoder *e, sl_buffer *out, const char *name, const char *value)
{
    sl_hpack_field field = field_of(name, value);
    CHECK(sl_hpack_put(e, out, &field) == 0, "%s", name);
}

static void test_encoder(void)
{
    sl_hpack_encoder e;
    sl_buffer out = {0};
    check_context = "encoder";
    sl_hpack_encoder_init(&e);
    for (int times = 0; times < 2; times++) {
        uint32_t epoch = e.epoch;
        out.size = 0;
        CHECK(sl_hpack_begin_block(&e, &out) == 0, "memory");
        put(&e, &out, ":method", "POST");
        put(&e, &out, ":path", "/a");
        put(&e, &out, "te", "trailers");
        CHECK((epoch == e.epoch) == (times == 1), "%u after %u", e.epoch, epoch);
        if (times == 0) check_bytes(&out, (wire)B("\x83\x44\x02/a\x40\x02te\x08trailers"));
        else check_bytes(&out, (wire)B("\x83\xbf\xbe"));
    }
    sl_hpack_field literal = field_of("a", "b");
    out.size = 0;
    CHECK(sl_hpack_put_literal(&out, &literal) == 0, "memory");
    check_bytes(&out, (wire)B("\x00\x01" "a\x01" "b"));
    sl_buffer_free(&out);
    sl_hpack_encoder_free(&e);
}

/* What does not fit is written as it is: no entry is ever pushed out. */
static void test_encoder_with_little_room(void)
{
    sl_hpack_encoder e;
    sl_buffer out = {0};
    check_context = "little room";
    sl_hpack_encoder_init(&e);
    put(&e, &out, "x", "y");
    sl_hpack_set_limit(&e, 40);
    out.size = 0;
    CHECK(sl_hpack_begin_block(&e, &out) == 0, "memory");
    for (int times = 0; times < 2; times++) {
        put(&e, &out, "a", "b");
        put(&e, &out, "c", "d");
    }
    check_bytes(&out, (wire)B("\x20\x3f\x09\x40\x01" "a\x01" "b\x00\x01" "c\x01" "d\xbe\x00\x01" "c\x01" "d"));
    uint32_t epoch = e.epoch;
    sl_hpack_set_limit(&e, 40);
    CHECK(e.epoch == epoch && !e.is_resized, "%u", e.epoch);
    sl_hpack_set_limit(&e, 1u << 31);
    CHECK(e.table.limit == SL_HPACK_TABLE && e.table.count == 0, "%u", e.table.limit);
    sl_buffer_free(&out);
    sl_hpack_encoder_free(&e);
}

/* Long numbers, and more entries than the ring has places: what is encoded is decoded. */
static void test_round_trip(void)
{
    static char value[3000], text[4096], expected[4096];
    sl_hpack_encoder e;
    sl_hpack_decoder d;
    sl_buffer out = {0};
    check_context = "round trip";
    sl_hpack_encoder_init(&e);
    sl_hpack_decoder_init(&d);
    memset(value, 'v', sizeof value - 1);
    for (int i = 0; i < 1000; i++) {
        out.size = 0;
        value[i * 2 + 1] = '\0';
        if (i % 7 == 0) sl_hpack_set_limit(&e, i % 2 ? SL_HPACK_TABLE : (uint32_t)i);
        CHECK(sl_hpack_begin_block(&e, &out) == 0, "memory");
        put(&e, &out, "name", value);
        put(&e, &out, "te", i % 3 ? "" : "trailers");
        sprintf(expected, "name: %s\nte: %s\n", value, i % 3 ? "" : "trailers");
        value[i * 2 + 1] = 'v';
        CHECK(decode(&d, (wire){(const char *)out.data, out.size}, text) == SL_HPACK_END, "%d", i);
        CHECK(strcmp(text, expected) == 0, "%d: %s", i, text);
        CHECK(d.table.used == e.table.used && d.table.count == e.table.count, "%d: %u", i, d.table.used);
    }
    sl_buffer_free(&out);
    sl_hpack_encoder_free(&e);
    sl_hpack_decoder_free(&d);
}

/* One block after the other whose entries push the others out: the bytes of the table move to its front now and then. */
static void test_table_that_moves(void)
{
    static char text[4096], expected[4096];
    sl_hpack_decoder d;
    check_context = "table that moves";
    sl_hpack_decoder_init(&d);
    for (int i = 0; i < 2000; i++) {
        uint8_t block[80] = {0x40, 4};
        int size = snprintf((char *)block + 2, 70, "n%03d%c%040d", i % 1000, 40, i);
        wire kept = {(const char *)block, (size_t)size + 2};
        snprintf(expected, sizeof expected, "n%03d: %040d\n", i % 1000, i);
        CHECK(decode(&d, kept, text) == SL_HPACK_END && strcmp(text, expected) == 0, "%d: %s", i, text);
        CHECK(d.table.used <= SL_HPACK_TABLE && d.table.bytes.size <= 3 * SL_HPACK_TABLE, "%d: %zu", i, d.table.bytes.size);
        int back = i < 50 ? i : 50;                      /* an entry from some time ago */
        uint8_t indexed[] = {(uint8_t)(0x80 | (62 + (uint32_t)back))};
        snprintf(expected, sizeof expected, "n%03d: %040d\n", (i - back) % 1000, i - back);
        CHECK(decode(&d, (wire){(const char *)indexed, 1}, text) == SL_HPACK_END, "%d", i);
        CHECK(strcmp(text, expected) == 0, "%d: %s", i, text);
    }
    sl_hpack_decoder_free(&d);
}

int main(void)
{
    test_conversations();
    test_malformed();
    test_encoder();
    test_encoder_with_little_room();
    test_round_trip();
    test_table_that_moves();
    return 0;
}
