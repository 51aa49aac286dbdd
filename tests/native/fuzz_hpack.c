/* Whatever blocks come, the decoder keeps to its limits; and what it gives is the same after a way through the encoder.
 *
 * An input is blocks, each after a byte that says how long it is. They are decoded one after the other, as those of one
 * connection. Their fields are encoded, those whose names are longer than 8 bytes as literals, and decoded once more.
 */
#include "fuzz.h"

#include "hpack.h"

enum { RESIZE_EACH = 5 };

static void check_table(const sl_hpack_table *t)
{
    uint32_t used = 0;
    CHECK(t->limit <= SL_HPACK_TABLE && t->used <= t->limit, "%u of %u", t->used, t->limit);
    CHECK(t->count <= SL_HPACK_MOST && t->first < SL_HPACK_MOST, "%u from %u", t->count, t->first);
    CHECK(t->bytes.size <= 3 * SL_HPACK_TABLE, "%zu", t->bytes.size);
    for (uint32_t i = 0; i < t->count; i++) {
        const sl_hpack_entry *entry = &t->entries[(t->first + i) % SL_HPACK_MOST];
        size_t size = (size_t)entry->name_size + entry->value_size;
        CHECK(entry->at + size <= t->bytes.size, "%u", entry->at);
        used += (uint32_t)size + SL_HPACK_ENTRY;
    }
    CHECK(used == t->used, "%u, not %u", t->used, used);
}

static void append_text(sl_buffer *out, const uint8_t *data, size_t size)
{
    uint8_t prefix[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
    sl_buffer_append(out, prefix, sizeof prefix);
    sl_buffer_append(out, data, size);
}

static void append_field(sl_buffer *out, const sl_hpack_field *field)
{
    append_text(out, field->name, field->name_size);
    append_text(out, field->value, field->value_size);
}

static sl_hpack_status decode(sl_hpack_decoder *d, const uint8_t *block, size_t size, sl_buffer *fields, sl_hpack_encoder *e,
                              sl_buffer *again)
{
    sl_hpack_field field;
    sl_hpack_status status;
    sl_hpack_begin(d, block, size);
    while ((status = sl_hpack_next(d, &field)) == SL_HPACK_FIELD) {
        append_field(fields, &field);
        if (e == NULL) continue;
        int done = field.name_size > 8 ? sl_hpack_put_literal(again, &field) : sl_hpack_put(e, again, &field);
        CHECK(done == 0, "memory");
    }
    check_table(&d->table);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sl_hpack_decoder first, second;
    sl_hpack_encoder e;
    sl_buffer fields = {0}, encoded = {0}, again = {0};
    sl_hpack_status status = SL_HPACK_END;
    sl_hpack_decoder_init(&first);
    sl_hpack_decoder_init(&second);
    sl_hpack_encoder_init(&e);
    for (size_t at = 0, length; at < size && status == SL_HPACK_END; at += length) {
        length = data[at++];
        if (length > size - at) length = size - at;
        fields.size = encoded.size = again.size = 0;
        if (length % RESIZE_EACH == 0) sl_hpack_set_limit(&e, (uint32_t)length * 16);
        CHECK(sl_hpack_begin_block(&e, &encoded) == 0, "memory");
        status = decode(&first, data + at, length, &fields, &e, &encoded);
        CHECK(decode(&second, encoded.data, encoded.size, &again, NULL, NULL) == SL_HPACK_END, "cannot be read again");
        CHECK(again.size == fields.size && (again.size == 0 || memcmp(again.data, fields.data, again.size) == 0), "differs");
    }
    sl_hpack_decoder_free(&first);
    sl_hpack_decoder_free(&second);
    sl_hpack_encoder_free(&e);
    sl_buffer_free(&fields);
    sl_buffer_free(&encoded);
    sl_buffer_free(&again);
    return 0;
}
