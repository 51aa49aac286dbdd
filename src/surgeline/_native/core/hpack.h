/* HPACK, the compression of header fields in HTTP/2: RFC 7541.
 *
 * A decoder takes one whole header block after the other and gives its fields. An encoder writes blocks for the other
 * side. Each has a dynamic table, at most SL_HPACK_TABLE bytes by the RFC's own count, whatever the other side allows.
 * The encoder never drops an entry to make room, and never writes Huffman codes: what comes again is an index, and what
 * does not is short.
 * Knows nothing of Python, of frames and of what fields mean.
 */
#ifndef SURGELINE_HPACK_H
#define SURGELINE_HPACK_H

#include "buffer.h"

enum { SL_HPACK_TABLE = 4096, SL_HPACK_ENTRY = 32, SL_HPACK_MOST = SL_HPACK_TABLE / SL_HPACK_ENTRY };

typedef enum {
    SL_HPACK_FIELD = 0,        /* one field */
    SL_HPACK_END = 1,          /* the block holds no more */
    SL_HPACK_MALFORMED = -1,   /* the connection is of no more use: the tables of both sides differ */
    SL_HPACK_NO_MEMORY = -2
} sl_hpack_status;

typedef struct {
    const uint8_t *name, *value;
    size_t name_size, value_size;
} sl_hpack_field;

typedef struct {
    uint32_t at;               /* in `bytes`: the name, then the value */
    uint16_t name_size, value_size;
} sl_hpack_entry;

/* Entries in the order they came, in a ring; their bytes one after the other, moved to the front when there is no room. */
typedef struct {
    sl_buffer bytes;
    size_t first_byte;
    uint32_t used, limit;      /* as the RFC counts: 32 bytes for each entry beside its own */
    uint32_t first, count;
    sl_hpack_entry entries[SL_HPACK_MOST];
} sl_hpack_table;

typedef struct {
    sl_hpack_table table;
    sl_buffer scratch;         /* what the last field has that stands neither in the block nor in a table */
    const uint8_t *next, *end;
    int is_first;              /* may the block still change the table's size? */
} sl_hpack_decoder;

void sl_hpack_decoder_init(sl_hpack_decoder *d);
void sl_hpack_decoder_free(sl_hpack_decoder *d);
void sl_hpack_begin(sl_hpack_decoder *d, const uint8_t *block, size_t size);    /* the block must stay where it is */
sl_hpack_status sl_hpack_next(sl_hpack_decoder *d, sl_hpack_field *field);      /* valid until the next call */

typedef struct {
    sl_hpack_table table;
    uint32_t epoch;            /* while it is the same, what was written since it changed means the same once more */
    int is_resized;            /* has the next block to begin with the table's new size? */
} sl_hpack_encoder;

void sl_hpack_encoder_init(sl_hpack_encoder *e);
void sl_hpack_encoder_free(sl_hpack_encoder *e);

/* The other side's table holds so many bytes. */
void sl_hpack_set_limit(sl_hpack_encoder *e, uint32_t limit);

/* Before the first field of each block. The rest returns 0, or -1 when memory ran out. */
int sl_hpack_begin_block(sl_hpack_encoder *e, sl_buffer *out);

/* Append a field that comes again: it goes into the tables, if there is room. */
int sl_hpack_put(sl_hpack_encoder *e, sl_buffer *out, const sl_hpack_field *field);

/* Append a field as it is; no table is asked or changed, so that the result holds on any connection. */
int sl_hpack_put_literal(sl_buffer *out, const sl_hpack_field *field);

#endif
