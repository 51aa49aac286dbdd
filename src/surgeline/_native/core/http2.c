#include "http2.h"

enum { BLOCK_BYTES = 256 * 1024, KEPT_FOR_REUSE = 64 * 1024, PRIORITY_BYTES = 5, GOAWAY_BYTES = 8 };

static const uint8_t NOTHING[1];

void sl_h2_init(sl_h2 *p)
{
    *p = (sl_h2){.max_block_bytes = BLOCK_BYTES, .payload = NOTHING};
}

void sl_h2_free(sl_h2 *p)
{
    sl_buffer_free(&p->partial);
    sl_buffer_free(&p->block);
}

const char *sl_h2_error_name(uint32_t error)
{
    static const char *const NAMES[] = {
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
        "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    };
    return error < sizeof NAMES / sizeof *NAMES ? NAMES[error] : "";
}

/* Reading */

static sl_h2_status broken(sl_h2 *p, sl_h2_error error)
{
    p->error = error;
    return SL_H2_BROKEN;
}

static size_t length_of(const uint8_t *head)
{
    return (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
}

/* Take the padding and the priority off. */
static int trim(sl_h2 *p)
{
    size_t padding = 0;
    if (p->flags & SL_H2_PADDED) {
        if (p->size == 0) return -1;
        padding = *p->payload++;
        p->size--;
    }
    if (p->type == SL_H2_HEADERS && p->flags & SL_H2_HAS_PRIORITY) {
        if (p->size < PRIORITY_BYTES) return -1;
        p->payload += PRIORITY_BYTES;
        p->size -= PRIORITY_BYTES;
    }
    if (padding > p->size) return -1;
    p->size -= padding;
    return 0;
}

static sl_h2_status take_block(sl_h2 *p)
{
    if (p->size > p->max_block_bytes - p->block.size) return broken(p, SL_H2_ENHANCE_YOUR_CALM);
    if (sl_buffer_append(&p->block, p->payload, p->size) < 0) return SL_H2_NO_MEMORY;
    if (!(p->flags & SL_H2_END_HEADERS)) return SL_H2_MORE;
    p->type = SL_H2_HEADERS;
    p->flags = p->block_flags | SL_H2_END_HEADERS;
    p->payload = p->block.size ? p->block.data : NOTHING;
    p->size = p->block.size;
    p->block_stream = 0;
    return SL_H2_FRAME;
}

static sl_h2_status take_headers(sl_h2 *p)
{
    if (p->stream == 0 || trim(p) < 0) return broken(p, SL_H2_PROTOCOL_ERROR);
    if (p->size > p->max_block_bytes) return broken(p, SL_H2_ENHANCE_YOUR_CALM);
    if (p->flags & SL_H2_END_HEADERS) return SL_H2_FRAME;
    p->block_stream = p->stream;
    p->block_flags = p->flags;
    sl_buffer_empty(&p->block, KEPT_FOR_REUSE);
    return take_block(p);
}

static sl_h2_error error_of_setting(uint16_t setting, uint32_t value)
{
    if (setting == SL_H2_INITIAL_WINDOW_SIZE && value > SL_H2_MOST) return SL_H2_FLOW_CONTROL_ERROR;
    if (setting == SL_H2_MAX_FRAME_SIZE && (value < SL_H2_FRAME_BYTES || value > 0xffffff)) return SL_H2_PROTOCOL_ERROR;
    if (setting == SL_H2_ENABLE_PUSH && value != 0) return SL_H2_PROTOCOL_ERROR;
    return SL_H2_NO_ERROR;
}

static sl_h2_status take_settings(sl_h2 *p)
{
    if (p->stream != 0) return broken(p, SL_H2_PROTOCOL_ERROR);
    if (p->size % SL_H2_SETTING || (p->flags & SL_H2_ACK && p->size)) return broken(p, SL_H2_FRAME_SIZE_ERROR);
    for (size_t at = 0; at < p->size; at += SL_H2_SETTING) {
        const uint8_t *one = p->payload + at;
        sl_h2_error error = error_of_setting((uint16_t)(one[0] << 8 | one[1]), sl_h2_number(one + 2));
        if (error) return broken(p, error);
    }
    return SL_H2_FRAME;
}

/* A frame that holds one number. Of a stream's window, an increment of 0 could be the stream's error alone. */
static sl_h2_status take_number(sl_h2 *p)
{
    if (p->size != 4) return broken(p, SL_H2_FRAME_SIZE_ERROR);
    int is_window = p->type == SL_H2_WINDOW_UPDATE;
    if (is_window ? (sl_h2_number(p->payload) & SL_H2_MOST) == 0 : p->stream == 0) return broken(p, SL_H2_PROTOCOL_ERROR);
    return SL_H2_FRAME;
}

static sl_h2_status take_of_connection(sl_h2 *p)
{
    if (p->stream != 0) return broken(p, SL_H2_PROTOCOL_ERROR);
    int is_right = p->type == SL_H2_PING ? p->size == SL_H2_PING_BYTES : p->size >= GOAWAY_BYTES;
    return is_right ? SL_H2_FRAME : broken(p, SL_H2_FRAME_SIZE_ERROR);
}

static sl_h2_status take_frame(sl_h2 *p)
{
    if (!p->has_begun && (p->type != SL_H2_SETTINGS || p->flags & SL_H2_ACK)) return broken(p, SL_H2_PROTOCOL_ERROR);
    p->has_begun = 1;
    int goes_on = p->type == SL_H2_CONTINUATION && p->stream == p->block_stream;
    if (p->block_stream ? !goes_on : p->type == SL_H2_CONTINUATION) return broken(p, SL_H2_PROTOCOL_ERROR);
    switch (p->type) {
    case SL_H2_DATA:
        return p->stream == 0 || trim(p) < 0 ? broken(p, SL_H2_PROTOCOL_ERROR) : SL_H2_FRAME;
    case SL_H2_HEADERS: return take_headers(p);
    case SL_H2_CONTINUATION: return take_block(p);
    case SL_H2_SETTINGS: return take_settings(p);
    case SL_H2_RST_STREAM: case SL_H2_WINDOW_UPDATE: return take_number(p);
    case SL_H2_PING: case SL_H2_GOAWAY: return take_of_connection(p);
    case SL_H2_PUSH_PROMISE: return broken(p, SL_H2_PROTOCOL_ERROR);  /* we said that we take none */
    case SL_H2_PRIORITY: break;
    }
    return SL_H2_MORE;
}

static sl_h2_status take(sl_h2 *p, const uint8_t *frame)
{
    p->type = (sl_h2_type)frame[3];
    p->flags = frame[4];
    p->stream = sl_h2_number(frame + 5) & SL_H2_MOST;
    p->payload = frame + SL_H2_FRAME_HEAD;
    p->size = p->length = length_of(frame);
    return take_frame(p);
}

/* Add to the frame that is not all there, up to `whole` bytes of it; returns how many bytes were taken. */
static sl_h2_status gather(sl_h2 *p, size_t whole, const uint8_t *data, size_t size, size_t *used)
{
    size_t missing = whole > p->partial.size ? whole - p->partial.size : 0;
    *used = missing < size ? missing : size;
    if (sl_buffer_append(&p->partial, data, *used) < 0) return SL_H2_NO_MEMORY;
    return p->partial.size < whole ? SL_H2_MORE : SL_H2_FRAME;
}

static sl_h2_status feed_partial(sl_h2 *p, const uint8_t *data, size_t size, size_t *consumed)
{
    size_t used = 0;
    sl_h2_status status = gather(p, SL_H2_FRAME_HEAD, data, size, consumed);
    if (status != SL_H2_FRAME) return status;
    size_t length = length_of(p->partial.data);
    if (length > SL_H2_FRAME_BYTES) return broken(p, SL_H2_FRAME_SIZE_ERROR);
    status = gather(p, SL_H2_FRAME_HEAD + length, data + *consumed, size - *consumed, &used);
    *consumed += used;
    if (status != SL_H2_FRAME) return status;
    p->partial.size = 0;                                 /* its bytes stay until the next feed */
    return take(p, p->partial.data);
}

static sl_h2_status feed_one(sl_h2 *p, const uint8_t *data, size_t size, size_t *consumed)
{
    if (p->partial.size || size < SL_H2_FRAME_HEAD) return feed_partial(p, data, size, consumed);
    size_t length = length_of(data);
    if (length > SL_H2_FRAME_BYTES) return broken(p, SL_H2_FRAME_SIZE_ERROR);
    if (length > size - SL_H2_FRAME_HEAD) return feed_partial(p, data, size, consumed);
    *consumed = SL_H2_FRAME_HEAD + length;
    return take(p, data);
}

sl_h2_status sl_h2_feed(sl_h2 *p, const uint8_t *data, size_t size, size_t *consumed)
{
    sl_h2_status status = SL_H2_MORE;
    *consumed = 0;
    while (status == SL_H2_MORE && *consumed < size) {
        size_t used = 0;
        status = feed_one(p, data + *consumed, size - *consumed, &used);
        *consumed += used;
    }
    return status;
}

/* Writing */

static void write_number(uint8_t *bytes, uint32_t number)
{
    bytes[0] = (uint8_t)(number >> 24);
    bytes[1] = (uint8_t)(number >> 16);
    bytes[2] = (uint8_t)(number >> 8);
    bytes[3] = (uint8_t)number;
}

int sl_h2_put(sl_buffer *out, sl_h2_type type, uint8_t flags, uint32_t stream, const uint8_t *payload, size_t size)
{
    uint8_t head[SL_H2_FRAME_HEAD] = {(uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size, (uint8_t)type, flags};
    write_number(head + 5, stream);
    if (sl_buffer_reserve(out, SL_H2_FRAME_HEAD + size) < 0) return -1;
    sl_buffer_append(out, head, SL_H2_FRAME_HEAD);
    return sl_buffer_append(out, payload, size);
}

int sl_h2_put_number(sl_buffer *out, sl_h2_type type, uint32_t stream, uint32_t number)
{
    uint8_t payload[4];
    write_number(payload, number);
    return sl_h2_put(out, type, 0, stream, payload, sizeof payload);
}

int sl_h2_put_block(sl_buffer *out, uint8_t flags, uint32_t stream, const uint8_t *block, size_t size, size_t frame_bytes)
{
    sl_h2_type type = SL_H2_HEADERS;
    while (size > frame_bytes) {
        if (sl_h2_put(out, type, type == SL_H2_HEADERS ? flags : 0, stream, block, frame_bytes) < 0) return -1;
        type = SL_H2_CONTINUATION;
        block += frame_bytes;
        size -= frame_bytes;
    }
    flags = type == SL_H2_HEADERS ? flags | SL_H2_END_HEADERS : SL_H2_END_HEADERS;
    return sl_h2_put(out, type, flags, stream, block, size);
}

int sl_h2_put_setting(sl_buffer *payload, uint16_t setting, uint32_t value)
{
    uint8_t bytes[SL_H2_SETTING] = {(uint8_t)(setting >> 8), (uint8_t)setting};
    write_number(bytes + 2, value);
    return sl_buffer_append(payload, bytes, sizeof bytes);
}
