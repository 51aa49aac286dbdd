/* HTTP/2 frames as a client reads and writes them: RFC 9113.
 *
 * A reader is fed whatever recv() gave, in pieces of any size, and gives one frame after the other. While a frame lies
 * whole in the piece it was fed, nothing is copied. Padding and priorities are taken off; a header block that goes on in
 * CONTINUATION frames is given as one HEADERS frame. What is wrong whatever the state of streams is (sizes, stream numbers,
 * an order of frames that is not allowed, a value of a setting that cannot be) is found here; what streams make of a frame
 * is not known here. Frames of unknown types, and those that clients may ignore, are passed over.
 * Knows nothing of Python, sockets, TLS, clocks, header fields or gRPC.
 */
#ifndef SURGELINE_HTTP2_H
#define SURGELINE_HTTP2_H

#include "buffer.h"

typedef enum {
    SL_H2_DATA = 0, SL_H2_HEADERS = 1, SL_H2_PRIORITY = 2, SL_H2_RST_STREAM = 3, SL_H2_SETTINGS = 4, SL_H2_PUSH_PROMISE = 5,
    SL_H2_PING = 6, SL_H2_GOAWAY = 7, SL_H2_WINDOW_UPDATE = 8, SL_H2_CONTINUATION = 9
} sl_h2_type;

enum { SL_H2_END_STREAM = 0x1, SL_H2_ACK = 0x1, SL_H2_END_HEADERS = 0x4, SL_H2_PADDED = 0x8, SL_H2_HAS_PRIORITY = 0x20 };

enum {
    SL_H2_HEADER_TABLE_SIZE = 1, SL_H2_ENABLE_PUSH = 2, SL_H2_MAX_CONCURRENT_STREAMS = 3, SL_H2_INITIAL_WINDOW_SIZE = 4,
    SL_H2_MAX_FRAME_SIZE = 5, SL_H2_MAX_HEADER_LIST_SIZE = 6
};

typedef enum {
    SL_H2_NO_ERROR = 0, SL_H2_PROTOCOL_ERROR = 1, SL_H2_INTERNAL_ERROR = 2, SL_H2_FLOW_CONTROL_ERROR = 3,
    SL_H2_SETTINGS_TIMEOUT = 4, SL_H2_STREAM_CLOSED = 5, SL_H2_FRAME_SIZE_ERROR = 6, SL_H2_REFUSED_STREAM = 7, SL_H2_CANCEL = 8,
    SL_H2_COMPRESSION_ERROR = 9, SL_H2_CONNECT_ERROR = 10, SL_H2_ENHANCE_YOUR_CALM = 11, SL_H2_INADEQUATE_SECURITY = 12,
    SL_H2_HTTP_1_1_REQUIRED = 13
} sl_h2_error;

enum { SL_H2_FRAME_BYTES = 16384, SL_H2_FRAME_HEAD = 9, SL_H2_SETTING = 6, SL_H2_WINDOW = 65535, SL_H2_PING_BYTES = 8 };

static const uint32_t SL_H2_MOST = 0x7fffffff;           /* of a window, and of a stream's number */

typedef enum {
    SL_H2_FRAME = 0,           /* a frame is there */
    SL_H2_MORE = 1,            /* needs more bytes; all that were fed are taken */
    SL_H2_BROKEN = -1,         /* see `error`; the connection is of no more use */
    SL_H2_NO_MEMORY = -2
} sl_h2_status;

typedef struct {
    size_t max_block_bytes;    /* 256 KiB: a header block with all that continues it; set by sl_h2_init, free to change */

    /* The frame, valid until the next feed. */
    sl_h2_type type;
    uint8_t flags;
    uint32_t stream;
    const uint8_t *payload;
    size_t size;
    size_t length;             /* of DATA: what flow control counts, padding included */
    sl_h2_error error;

    /* The rest is the reader's own. */
    int has_begun;             /* the first frame has to be SETTINGS */
    uint32_t block_stream;     /* whose header block goes on; 0 for none */
    uint8_t block_flags;
    sl_buffer partial, block;
} sl_h2;

void sl_h2_init(sl_h2 *p);
void sl_h2_free(sl_h2 *p);

/* Feed bytes; `consumed` says how many were taken. Called again with the rest until it needs more. */
sl_h2_status sl_h2_feed(sl_h2 *p, const uint8_t *data, size_t size, size_t *consumed);

/* The four bytes of a number. */
static inline uint32_t sl_h2_number(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

const char *sl_h2_error_name(uint32_t error);            /* as the RFC calls it; "" for a number that it does not have */

/* Append to what is to be sent; 0, or -1 when memory ran out. A payload has to fit into one frame, a block need not. */
int sl_h2_put(sl_buffer *out, sl_h2_type type, uint8_t flags, uint32_t stream, const uint8_t *payload, size_t size);
int sl_h2_put_number(sl_buffer *out, sl_h2_type type, uint32_t stream, uint32_t number);
int sl_h2_put_block(sl_buffer *out, uint8_t flags, uint32_t stream, const uint8_t *block, size_t size, size_t frame_bytes);
int sl_h2_put_setting(sl_buffer *payload, uint16_t setting, uint32_t value);

#endif
