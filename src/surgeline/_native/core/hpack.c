/* How it works. A field's name and value are given where they stand: in the block, in the static table, in the dynamic
 * one. Only Huffman codes, and a name out of the dynamic table that the field's own entry may push out, go to `scratch`,
 * the name first.
 */
#include "hpack.h"

#include "hpack_tables.h"

enum { STATIC_COUNT = sizeof STATIC / sizeof *STATIC };

/* What a field begins with: the bits that say so, and how many are left for the number. */
enum { INDEXED = 0x80, INDEXED_BITS = 7, KEPT = 0x40, KEPT_BITS = 6, RESIZE = 0x20, RESIZE_BITS = 5, PLAIN_BITS = 4 };

enum { HUFFMAN = 0x80, TEXT_BITS = 7, MOST_NUMBER_BITS = 28, KEPT_SCRATCH = 4096 };

typedef struct {
    const uint8_t *data;                                 /* NULL: in the scratch, at `at` */
    size_t at, size;
} text;

/* The dynamic table */

static void table_init(sl_hpack_table *t)
{
    *t = (sl_hpack_table){.limit = SL_HPACK_TABLE};
}

static void drop_first(sl_hpack_table *t)
{
    const sl_hpack_entry *entry = &t->entries[t->first];
    size_t size = (size_t)entry->name_size + entry->value_size;
    t->first_byte += size;
    t->used -= (uint32_t)size + SL_HPACK_ENTRY;
    t->first = (t->first + 1) % SL_HPACK_MOST;
    t->count--;
}

static void shrink(sl_hpack_table *t, uint32_t limit)
{
    while (t->used > limit) drop_first(t);
}

static void move_to_front(sl_hpack_table *t)
{
    if (t->first_byte < SL_HPACK_TABLE) return;
    memmove(t->bytes.data, t->bytes.data + t->first_byte, t->bytes.size - t->first_byte);
    for (uint32_t i = 0; i < t->count; i++) t->entries[(t->first + i) % SL_HPACK_MOST].at -= (uint32_t)t->first_byte;
    t->bytes.size -= t->first_byte;
    t->first_byte = 0;
}

/* The field must not point into the table. One that is larger than the table empties it, and is not kept. */
static int insert(sl_hpack_table *t, const sl_hpack_field *field)
{
    size_t size = field->name_size + field->value_size;
    if (size + SL_HPACK_ENTRY > t->limit) {
        shrink(t, 0);
        return 0;
    }
    shrink(t, t->limit - SL_HPACK_ENTRY - (uint32_t)size);
    move_to_front(t);
    uint32_t at = (uint32_t)t->bytes.size;
    if (sl_buffer_reserve(&t->bytes, size + 1) < 0) return -1;
    sl_buffer_append(&t->bytes, field->name, field->name_size);
    sl_buffer_append(&t->bytes, field->value, field->value_size);
    t->entries[(t->first + t->count++) % SL_HPACK_MOST] =
        (sl_hpack_entry){at, (uint16_t)field->name_size, (uint16_t)field->value_size};
    t->used += (uint32_t)size + SL_HPACK_ENTRY;
    return 0;
}

/* The newest is 0. */
static sl_hpack_field entry_at(const sl_hpack_table *t, uint32_t index)
{
    const sl_hpack_entry *entry = &t->entries[(t->first + t->count - 1 - index) % SL_HPACK_MOST];
    const uint8_t *name = t->bytes.data + entry->at;
    return (sl_hpack_field){name, name + entry->name_size, entry->name_size, entry->value_size};
}

static sl_hpack_field static_at(uint32_t index)
{
    const char *name = STATIC[index].name, *value = STATIC[index].value;
    return (sl_hpack_field){(const uint8_t *)name, (const uint8_t *)value, strlen(name), strlen(value)};
}

/* Both tables as one, from 1 on. */
static sl_hpack_field field_at(const sl_hpack_table *t, uint32_t number)
{
    return number <= STATIC_COUNT ? static_at(number - 1) : entry_at(t, number - STATIC_COUNT - 1);
}

static int is_there(const sl_hpack_table *t, uint32_t number)
{
    return number > 0 && number <= STATIC_COUNT + t->count;
}

/* Decoding */

void sl_hpack_decoder_init(sl_hpack_decoder *d)
{
    *d = (sl_hpack_decoder){0};
    table_init(&d->table);
}

void sl_hpack_decoder_free(sl_hpack_decoder *d)
{
    sl_buffer_free(&d->table.bytes);
    sl_buffer_free(&d->scratch);
}

void sl_hpack_begin(sl_hpack_decoder *d, const uint8_t *block, size_t size)
{
    d->next = block;
    d->end = size ? block + size : block;
    d->is_first = 1;
}

static int read_number(sl_hpack_decoder *d, int bits, uint32_t *number)
{
    uint32_t most = (1u << bits) - 1;
    *number = *d->next++ & most;
    if (*number < most) return 0;
    for (int shift = 0; shift < MOST_NUMBER_BITS && d->next < d->end; shift += 7) {
        uint8_t byte = *d->next++;
        *number += (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return 0;
    }
    return -1;
}

/* After the last symbol fewer than eight bits are left, all of them ones. */
static int decode_huffman(const uint8_t *data, size_t size, sl_buffer *out)
{
    uint32_t code = 0, first = 0, index = 0;
    int length = 0;
    for (size_t bit = 0; bit < size * 8; bit++) {
        code = code << 1 | ((uint32_t)data[bit / 8] >> (7 - bit % 8) & 1);
        first = (first + (length ? CODES_OF_LENGTH[length] : 0u)) << 1;
        index += length ? CODES_OF_LENGTH[length] : 0u;
        length++;
        if (code - first >= CODES_OF_LENGTH[length]) continue;
        uint16_t symbol = SYMBOLS[index + code - first];
        if (symbol == END_OF_TEXT) return -1;
        out->data[out->size++] = (uint8_t)symbol;
        code = first = index = 0;
        length = 0;
    }
    return length < 8 && code == (1u << length) - 1 ? 0 : -1;
}

static sl_hpack_status read_text(sl_hpack_decoder *d, text *t)
{
    if (d->next == d->end) return SL_HPACK_MALFORMED;
    int is_huffman = *d->next & HUFFMAN;
    uint32_t size;
    if (read_number(d, TEXT_BITS, &size) < 0 || size > (size_t)(d->end - d->next)) return SL_HPACK_MALFORMED;
    *t = (text){.data = d->next, .size = size};
    d->next += size;
    if (!is_huffman) return SL_HPACK_FIELD;
    if (sl_buffer_reserve(&d->scratch, 2 * (size_t)size + 1) < 0) return SL_HPACK_NO_MEMORY;  /* a code has 5 bits or more */
    size_t at = d->scratch.size;
    if (decode_huffman(t->data, size, &d->scratch) < 0) return SL_HPACK_MALFORMED;
    *t = (text){.at = at, .size = d->scratch.size - at};
    return SL_HPACK_FIELD;
}

static sl_hpack_status name_of(sl_hpack_decoder *d, uint32_t number, int is_kept, text *name)
{
    if (!is_there(&d->table, number)) return SL_HPACK_MALFORMED;
    sl_hpack_field named = field_at(&d->table, number);
    *name = (text){.data = named.name, .size = named.name_size};
    if (!is_kept || number <= STATIC_COUNT) return SL_HPACK_FIELD;
    if (sl_buffer_append(&d->scratch, named.name, named.name_size) < 0) return SL_HPACK_NO_MEMORY;
    name->data = named.name_size ? NULL : named.name;
    return SL_HPACK_FIELD;
}

static sl_hpack_status read_literal(sl_hpack_decoder *d, int bits, int is_kept, sl_hpack_field *field)
{
    text name, value;
    uint32_t number;
    if (read_number(d, bits, &number) < 0) return SL_HPACK_MALFORMED;
    sl_hpack_status status = number ? name_of(d, number, is_kept, &name) : read_text(d, &name);
    if (status == SL_HPACK_FIELD) status = read_text(d, &value);
    if (status != SL_HPACK_FIELD) return status;
    field->name = name.data ? name.data : d->scratch.data + name.at;
    field->name_size = name.size;
    field->value = value.data ? value.data : d->scratch.data + value.at;
    field->value_size = value.size;
    return is_kept && insert(&d->table, field) < 0 ? SL_HPACK_NO_MEMORY : SL_HPACK_FIELD;
}

static sl_hpack_status read_indexed(sl_hpack_decoder *d, sl_hpack_field *field)
{
    uint32_t number;
    if (read_number(d, INDEXED_BITS, &number) < 0 || !is_there(&d->table, number)) return SL_HPACK_MALFORMED;
    *field = field_at(&d->table, number);
    return SL_HPACK_FIELD;
}

static sl_hpack_status read_resizes(sl_hpack_decoder *d)
{
    while (d->next < d->end && (*d->next & 0xe0) == RESIZE) {
        uint32_t limit;
        if (!d->is_first || read_number(d, RESIZE_BITS, &limit) < 0 || limit > SL_HPACK_TABLE) return SL_HPACK_MALFORMED;
        d->table.limit = limit;
        shrink(&d->table, limit);
    }
    d->is_first = 0;
    return SL_HPACK_FIELD;
}

sl_hpack_status sl_hpack_next(sl_hpack_decoder *d, sl_hpack_field *field)
{
    sl_buffer_empty(&d->scratch, KEPT_SCRATCH);
    if (read_resizes(d) != SL_HPACK_FIELD) return SL_HPACK_MALFORMED;
    if (d->next == d->end) return SL_HPACK_END;
    if (*d->next & INDEXED) return read_indexed(d, field);
    return *d->next & KEPT ? read_literal(d, KEPT_BITS, 1, field) : read_literal(d, PLAIN_BITS, 0, field);
}

/* Encoding */

void sl_hpack_encoder_init(sl_hpack_encoder *e)
{
    *e = (sl_hpack_encoder){0};
    table_init(&e->table);
}

void sl_hpack_encoder_free(sl_hpack_encoder *e)
{
    sl_buffer_free(&e->table.bytes);
}

void sl_hpack_set_limit(sl_hpack_encoder *e, uint32_t limit)
{
    if (limit > SL_HPACK_TABLE) limit = SL_HPACK_TABLE;
    if (limit == e->table.limit) return;
    shrink(&e->table, 0);
    e->table.limit = limit;
    e->is_resized = 1;
    e->epoch++;
}

static int put_number(sl_buffer *out, uint8_t begin, int bits, size_t number)
{
    uint8_t bytes[12];
    size_t size = 0, most = ((size_t)1 << bits) - 1;
    if (number < most) {
        bytes[size++] = (uint8_t)(begin | number);
    } else {
        bytes[size++] = (uint8_t)(begin | most);
        for (number -= most; number >= 0x80; number >>= 7) bytes[size++] = (uint8_t)(0x80 | (number & 0x7f));
        bytes[size++] = (uint8_t)number;
    }
    return sl_buffer_append(out, bytes, size);
}

static int put_text(sl_buffer *out, const uint8_t *data, size_t size)
{
    return put_number(out, 0, TEXT_BITS, size) < 0 ? -1 : sl_buffer_append(out, data, size);
}

int sl_hpack_begin_block(sl_hpack_encoder *e, sl_buffer *out)
{
    if (!e->is_resized) return 0;
    e->is_resized = 0;
    return put_number(out, RESIZE, RESIZE_BITS, 0) < 0 ? -1 : put_number(out, RESIZE, RESIZE_BITS, e->table.limit);
}

static int is_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

/* The number of a field with this name and, where there is one, this value; 0 for none. */
static uint32_t number_of(const sl_hpack_table *t, const sl_hpack_field *field, int *has_value)
{
    uint32_t named = 0;
    for (uint32_t number = 1; number <= STATIC_COUNT + t->count; number++) {
        sl_hpack_field other = field_at(t, number);
        if (!is_same(field->name, field->name_size, other.name, other.name_size)) continue;
        *has_value = is_same(field->value, field->value_size, other.value, other.value_size);
        if (*has_value) return number;
        if (named == 0) named = number;
    }
    return named;
}

int sl_hpack_put(sl_hpack_encoder *e, sl_buffer *out, const sl_hpack_field *field)
{
    int has_value = 0;
    uint32_t number = number_of(&e->table, field, &has_value);
    if (has_value) return put_number(out, INDEXED, INDEXED_BITS, number);
    int fits = field->name_size + field->value_size + SL_HPACK_ENTRY <= e->table.limit - e->table.used;
    if (put_number(out, fits ? KEPT : 0, fits ? KEPT_BITS : PLAIN_BITS, number) < 0) return -1;
    if (number == 0 && put_text(out, field->name, field->name_size) < 0) return -1;
    if (put_text(out, field->value, field->value_size) < 0) return -1;
    if (!fits) return 0;
    e->epoch++;
    return insert(&e->table, field);
}

int sl_hpack_put_literal(sl_buffer *out, const sl_hpack_field *field)
{
    if (put_number(out, 0, PLAIN_BITS, 0) < 0 || put_text(out, field->name, field->name_size) < 0) return -1;
    return put_text(out, field->value, field->value_size);
}
