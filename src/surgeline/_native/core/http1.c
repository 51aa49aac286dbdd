/* How it works. A feed runs the reader of the current state until the bytes run out or a response ends. A head is first
 * read in place, one complete valid line after the other. At the first line that is not that (not all there yet, or
 * wrong), what was read is copied, and the rest of the head goes through the copy line by line. So how the bytes were
 * split never changes a result: only the second way reports errors.
 */
#include "http1.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_FOR_REUSE = 64 * 1024, MOST_RESERVED = 16 * 1024 * 1024, MAX_SIZE_DIGITS = 16 };

enum { HAS_LENGTH = 1, IS_CHUNKED = 2, SAYS_CLOSE = 4, SAYS_KEEP_ALIVE = 8 };

enum {
    IN_HEAD, IN_HEAD_COPY, IN_COUNTED_BODY, IN_BODY_UNTIL_CLOSE,
    AT_CHUNK_SIZE, AFTER_CHUNK_SIZE, IN_CHUNK_EXTENSION, AT_CHUNK_LINE_LF, IN_CHUNK, AT_CHUNK_CR, AT_CHUNK_LF,
    AT_TRAILER, IN_TRAILER_NAME, IN_TRAILER_VALUE, AT_TRAILER_LF, AT_LAST_LF,
    IS_DONE, IS_FAILED
};

enum { TOKEN = 1, TEXT = 2 };

static const uint8_t CLASS[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    2, 3, 2, 3, 3, 3, 3, 3, 2, 2, 3, 3, 2, 3, 3, 2,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2,
    2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3, 2, 3, 0,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
};

static const uint8_t NOTHING[1];

/* Life of a parser */

static void begin_head(sl_http *p)
{
    p->state = IN_HEAD;
    p->status = 0;
    p->framing = 0;
    p->fields = 0;
    p->remaining = 0;
    p->head = NOTHING;
    p->head_size = p->head_start = p->line_start = 0;
    p->head_lent = 0;
    p->has_set_cookie = p->has_location = p->has_content_encoding = 0;
    p->head_copy.size = 0;
}

void sl_http_reset(sl_http *p, int request_is_head)
{
    sl_buffer_empty(&p->head_copy, KEPT_FOR_REUSE);
    sl_buffer_empty(&p->body_copy, KEPT_FOR_REUSE);
    begin_head(p);
    p->minor_version = p->keep_alive = p->head_complete = p->borrowed = 0;
    p->body = NOTHING;
    p->body_size = 0;
    p->body_total = 0;
    p->interim = 0;
    p->error = SL_HTTP_OK;
    p->request_is_head = request_is_head;
    p->request_is_connect = 0;
    p->body_use = SL_HTTP_KEEP;
    p->started = p->digits = p->body_lent = 0;
    p->extension_bytes = p->trailer_bytes = p->line_bytes = 0;
}

void sl_http_init(sl_http *p)
{
    *p = (sl_http){
        .max_line_bytes = 64u << 10,
        .max_head_bytes = 256u << 10,
        .max_chunk_extension_bytes = 16u << 10,
        .max_trailer_bytes = 64u << 10,
        .max_body_bytes = 128u << 20,
        .max_headers = 256,
        .max_interim = 16,
    };
    sl_http_reset(p, 0);
}

void sl_http_free(sl_http *p)
{
    sl_buffer_free(&p->head_copy);
    sl_buffer_free(&p->body_copy);
    sl_http_init(p);
}

uint64_t sl_http_to_come(const sl_http *p)
{
    return p->state == IN_COUNTED_BODY ? p->remaining : 0;
}

int sl_http_started(const sl_http *p)
{
    return p->started;
}

static size_t fail(sl_http *p, sl_http_error error)
{
    p->error = error;
    p->state = IS_FAILED;
    return 0;
}

/* The body */

static int keep_body(sl_http *p)
{
    if (!p->body_lent) return 0;
    if (sl_buffer_append(&p->body_copy, p->body, p->body_size) < 0) return -1;
    p->body = p->body_copy.data;
    p->body_lent = 0;
    return 0;
}

/* A body of known length is not copied again and again as it grows, and one that is only claimed costs little. */
static int reserve_body(sl_http *p, size_t size)
{
    size_t ahead = p->remaining < MOST_RESERVED ? (size_t)p->remaining : MOST_RESERVED;
    int is_lent_whole = p->body_size == 0 && size == p->remaining;
    if (p->body_use != SL_HTTP_KEEP || is_lent_whole || p->body_size + size <= p->body_copy.capacity) return 0;
    return sl_buffer_resize(&p->body_copy, p->body_size + (ahead > size ? ahead : size));
}

static void take_body(sl_http *p, const uint8_t *data, size_t size)
{
    p->body_total += size;
    if (p->body_use == SL_HTTP_DISCARD) return;
    if (p->body_size == 0) {
        p->body = data;
        p->body_lent = 1;
    } else {
        if (keep_body(p) < 0 || sl_buffer_append(&p->body_copy, data, size) < 0) {
            fail(p, SL_HTTP_NO_MEMORY);
            return;
        }
        p->body = p->body_copy.data;
    }
    p->body_size += size;
}

static size_t take_remaining(sl_http *p, const uint8_t *data, size_t size, uint8_t next)
{
    if (size > p->remaining) size = (size_t)p->remaining;
    p->remaining -= size;
    if (p->remaining == 0) p->state = next;
    take_body(p, data, size);
    return size;
}

static size_t read_counted_body(sl_http *p, const uint8_t *data, size_t size)
{
    if (size > p->remaining) size = (size_t)p->remaining;
    if (reserve_body(p, size) < 0) return fail(p, SL_HTTP_NO_MEMORY);
    return take_remaining(p, data, size, IS_DONE);
}

static size_t read_body_until_close(sl_http *p, const uint8_t *data, size_t size)
{
    if (size > p->max_body_bytes - p->body_total) return fail(p, SL_HTTP_BODY_TOO_LARGE);
    take_body(p, data, size);
    return size;
}

void sl_http_release_body(sl_http *p)
{
    p->body = NOTHING;
    p->body_size = p->body_copy.size = 0;
    p->body_lent = 0;
    p->borrowed = p->borrowed && p->head_lent;
}

/* What a head says */

static int opens_tunnel(const sl_http *p)
{
    return p->request_is_connect && p->status >= 200 && p->status < 300;
}

static int has_no_body(const sl_http *p)
{
    return p->request_is_head || p->status < 200 || p->status == 204 || p->status == 304 || opens_tunnel(p);
}

static int may_keep_alive(const sl_http *p)
{
    if (p->status == 101 || opens_tunnel(p) || (p->framing & SAYS_CLOSE)) return 0;
    return p->minor_version == 1 || (p->framing & SAYS_KEEP_ALIVE) != 0;
}

static void pass_over_interim(sl_http *p)
{
    if (p->interim >= p->max_interim) {
        fail(p, SL_HTTP_TOO_MANY_INTERIM);
        return;
    }
    p->interim++;
    begin_head(p);
}

static void begin_chunk(sl_http *p)
{
    p->state = AT_CHUNK_SIZE;
    p->digits = 0;
    p->remaining = 0;
}

static void begin_body(sl_http *p)
{
    p->head_complete = 1;
    p->keep_alive = may_keep_alive(p);
    if (has_no_body(p)) {
        p->state = IS_DONE;
    } else if (p->framing & IS_CHUNKED) {
        begin_chunk(p);
    } else if (p->framing & HAS_LENGTH) {
        p->state = p->remaining > 0 ? IN_COUNTED_BODY : IS_DONE;
        if (p->remaining > p->max_body_bytes) fail(p, SL_HTTP_BODY_TOO_LARGE);
    } else {
        p->state = IN_BODY_UNTIL_CLOSE;
        p->keep_alive = 0;
    }
}

static int is_framed_badly(const sl_http *p)
{
    if (!(p->framing & IS_CHUNKED)) return 0;
    /* HTTP/1.0 knows no transfer codings: RFC 9112 6.1 has the framing of such a message taken as faulty. */
    return (p->framing & HAS_LENGTH) || p->minor_version == 0;
}

static void finish_head(sl_http *p)
{
    if (is_framed_badly(p)) fail(p, SL_HTTP_BAD_FRAMING);
    else if (p->status < 200 && p->status != 101) pass_over_interim(p);
    else begin_body(p);
}

/* Fields that frame or that we report. A line that is wrong changes nothing, because it may be read again from the copy. */

typedef struct {
    const uint8_t *data;
    size_t size;
} text;

static int is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static text trimmed(const uint8_t *start, const uint8_t *end)
{
    while (start < end && is_blank(*start)) start++;
    while (start < end && is_blank(end[-1])) end--;
    return (text){start, (size_t)(end - start)};
}

/* Without regard to case; `lower` is of letters and hyphens. */
static int says(text t, const char *lower, size_t size)
{
    if (t.size != size) return 0;
    for (size_t i = 0; i < size; i++) {
        if ((t.data[i] | 0x20) != (uint8_t)lower[i]) return 0;
    }
    return 1;
}

#define SAYS(t, literal) says(t, literal, sizeof literal - 1)

/* Takes the first of a list's items, parted by commas, off `*list`; 0 when none is left. */
static int next_item(text *list, text *item)
{
    if (list->data == NULL) return 0;
    const uint8_t *end = list->data + list->size;
    const uint8_t *comma = list->size ? memchr(list->data, ',', list->size) : NULL;
    *item = trimmed(list->data, comma ? comma : end);
    *list = comma ? (text){comma + 1, (size_t)(end - comma - 1)} : (text){NULL, 0};
    return 1;
}

static int read_number(text digits, uint64_t *number)
{
    if (digits.size == 0) return -1;
    *number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        uint64_t digit = (uint64_t)digits.data[i] - '0';
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10) return -1;
        *number = 10 * *number + digit;
    }
    return 0;
}

static sl_http_error note_length(sl_http *p, text value)
{
    text item;
    uint64_t length = p->remaining, each;
    if (opens_tunnel(p)) return SL_HTTP_OK;
    int known = p->framing & HAS_LENGTH;
    while (next_item(&value, &item)) {
        if (read_number(item, &each) < 0 || (known && each != length)) return SL_HTTP_BAD_LENGTH;
        length = each;
        known = 1;
    }
    p->remaining = length;
    p->framing |= HAS_LENGTH;
    return SL_HTTP_OK;
}

static sl_http_error note_coding(sl_http *p, text value)
{
    if (opens_tunnel(p)) return SL_HTTP_OK;
    if ((p->framing & IS_CHUNKED) || !SAYS(value, "chunked")) return SL_HTTP_BAD_FRAMING;
    p->framing |= IS_CHUNKED;
    return SL_HTTP_OK;
}

static sl_http_error note_connection(sl_http *p, text value)
{
    text item;
    while (next_item(&value, &item)) {
        if (SAYS(item, "close")) p->framing |= SAYS_CLOSE;
        if (SAYS(item, "keep-alive")) p->framing |= SAYS_KEEP_ALIVE;
    }
    return SL_HTTP_OK;
}

static sl_http_error note_field(sl_http *p, text name, const uint8_t *value, const uint8_t *end)
{
    switch (name.size) {
    case sizeof "location" - 1:
        if (SAYS(name, "location")) p->has_location = 1;
        break;
    case sizeof "connection" - 1:
        if (SAYS(name, "connection")) return note_connection(p, trimmed(value, end));
        if (SAYS(name, "set-cookie")) p->has_set_cookie = 1;
        break;
    case sizeof "content-length" - 1:
        if (SAYS(name, "content-length")) return note_length(p, trimmed(value, end));
        break;
    case sizeof "content-encoding" - 1:
        if (SAYS(name, "content-encoding")) p->has_content_encoding = 1;
        break;
    case sizeof "transfer-encoding" - 1:
        if (SAYS(name, "transfer-encoding")) return note_coding(p, trimmed(value, end));
        break;
    }
    return SL_HTTP_OK;
}

/* Lines of a head. A line reader moves `*at` past a line that is whole and right; a line that is not all there is as
 * wrong as any other to it. */

static const uint8_t *skip(const uint8_t *at, const uint8_t *end, uint8_t class)
{
    while (at < end && (CLASS[*at] & class)) at++;
    return at;
}

/* Past CRLF or LF; NULL when neither is there. */
static const uint8_t *skip_line_end(const uint8_t *at, const uint8_t *end)
{
    if (at < end && *at == '\r') at++;
    return at < end && *at == '\n' ? at + 1 : NULL;
}

static int three_digits(const uint8_t *c)
{
    unsigned hundreds = c[0] - (unsigned)'0', tens = c[1] - (unsigned)'0', ones = c[2] - (unsigned)'0';
    if (hundreds > 9 || tens > 9 || ones > 9) return 0;
    return (int)(100 * hundreds + 10 * tens + ones);
}

static sl_http_error read_status_line(sl_http *p, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *c = *at;
    if (end - c < 13 || memcmp(c, "HTTP/1.", 7) != 0 || (c[7] != '0' && c[7] != '1') || c[8] != ' ') {
        return SL_HTTP_BAD_STATUS_LINE;
    }
    int status = three_digits(c + 9);
    const uint8_t *line_end = skip_line_end(c[12] == ' ' ? skip(c + 12, end, TEXT) : c + 12, end);
    if (status < 100 || line_end == NULL) return SL_HTTP_BAD_STATUS_LINE;
    p->minor_version = c[7] - '0';
    p->status = status;
    *at = line_end;
    return SL_HTTP_OK;
}

static sl_http_error read_field(sl_http *p, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *colon = skip(*at, end, TOKEN);
    if (colon == *at || colon == end || *colon != ':') return SL_HTTP_BAD_HEADER;
    const uint8_t *value_end = skip(colon + 1, end, TEXT);
    const uint8_t *line_end = skip_line_end(value_end, end);
    if (line_end == NULL) return SL_HTTP_BAD_HEADER;
    if (p->fields >= p->max_headers) return SL_HTTP_TOO_MANY_HEADERS;
    sl_http_error error = note_field(p, (text){*at, (size_t)(colon - *at)}, colon + 1, value_end);
    if (error != SL_HTTP_OK) return error;
    p->fields++;
    *at = line_end;
    return SL_HTTP_OK;
}

/* `base` is where the head begins. */
static sl_http_error read_line(sl_http *p, const uint8_t *base, const uint8_t **at, const uint8_t *end, int *is_last)
{
    if (p->status == 0) {
        sl_http_error error = read_status_line(p, at, end);
        p->head_start = (size_t)(*at - base);
        return error;
    }
    const uint8_t *past_empty = skip_line_end(*at, end);
    *is_last = past_empty != NULL;
    if (!*is_last) return read_field(p, at, end);
    *at = past_empty;
    return SL_HTTP_OK;
}

/* The head */

static size_t go_on_with_copy(sl_http *p, const uint8_t *data, size_t size)
{
    if (sl_buffer_append(&p->head_copy, data, size) < 0) return fail(p, SL_HTTP_NO_MEMORY);
    p->line_start = size;
    p->state = IN_HEAD_COPY;
    return size;
}

static size_t read_head(sl_http *p, const uint8_t *data, size_t size)
{
    const uint8_t *end = data + (size < p->max_head_bytes ? size : p->max_head_bytes);
    const uint8_t *at = data, *line = data;
    for (int is_last = 0; !is_last;) {
        line = at;
        const uint8_t *line_limit = (size_t)(end - at) > p->max_line_bytes ? at + p->max_line_bytes : end;
        if (read_line(p, data, &at, line_limit, &is_last) != SL_HTTP_OK) {
            return go_on_with_copy(p, data, (size_t)(line - data));
        }
    }
    p->head = data + p->head_start;
    p->head_size = (size_t)(line - p->head);
    p->head_lent = 1;
    finish_head(p);
    return (size_t)(at - data);
}

static void read_copied_line(sl_http *p)
{
    const uint8_t *base = p->head_copy.data, *at = base + p->line_start;
    int is_last = 0;
    sl_http_error error = read_line(p, base, &at, base + p->head_copy.size, &is_last);
    if (error != SL_HTTP_OK) {
        fail(p, error);
    } else if (is_last) {
        p->head = base + p->head_start;
        p->head_size = p->line_start - p->head_start;
        finish_head(p);
    }
    p->line_start = p->head_copy.size;
}

/* A server that speaks something else may never send a line end, so its first bytes are looked at as they come. */
static int may_be_http(const sl_http *p)
{
    size_t size = p->head_copy.size < 7 ? p->head_copy.size : 7;
    return p->status != 0 || memcmp(p->head_copy.data, "HTTP/1.", size) == 0;
}

static size_t read_head_copy(sl_http *p, const uint8_t *data, size_t size)
{
    const uint8_t *line_end = memchr(data, '\n', size);
    size_t head_room = p->max_head_bytes - p->head_copy.size;
    size_t line_room = p->max_line_bytes - (p->head_copy.size - p->line_start);
    size_t room = line_room < head_room ? line_room : head_room;
    if (line_end != NULL) size = (size_t)(line_end - data) + 1;
    int too_large = size > room;
    if (too_large) size = room + 1;
    if (sl_buffer_append(&p->head_copy, data, size) < 0) return fail(p, SL_HTTP_NO_MEMORY);
    if (!may_be_http(p)) return fail(p, SL_HTTP_BAD_STATUS_LINE);
    if (too_large) return fail(p, line_room < head_room ? SL_HTTP_LINE_TOO_LONG : SL_HTTP_HEAD_TOO_LARGE);
    if (line_end != NULL) read_copied_line(p);
    return size;
}

static int keep_head(sl_http *p)
{
    if (!p->head_lent) return 0;
    if (sl_buffer_append(&p->head_copy, p->head, p->head_size) < 0) return -1;
    p->head = p->head_size ? p->head_copy.data : NOTHING;
    p->head_lent = 0;
    return 0;
}

/* The chunked framing: a state for each place in it, so that nothing needs to be copied to go on later. */

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static int charge_extension(sl_http *p, size_t bytes)
{
    p->extension_bytes += bytes;
    if (p->extension_bytes <= p->max_chunk_extension_bytes) return 0;
    fail(p, SL_HTTP_EXTENSION_TOO_LARGE);
    return -1;
}

/* Of two limits that the same bytes pass, the one that the first of them passes. */
static int charge_trailer(sl_http *p, size_t bytes)
{
    size_t line_room = p->max_line_bytes - p->line_bytes, trailer_room = p->max_trailer_bytes - p->trailer_bytes;
    p->line_bytes += bytes;
    p->trailer_bytes += bytes;
    if (bytes <= line_room && bytes <= trailer_room) return 0;
    fail(p, line_room < trailer_room ? SL_HTTP_LINE_TOO_LONG : SL_HTTP_TRAILER_TOO_LARGE);
    return -1;
}

static size_t go_to(sl_http *p, uint8_t state)
{
    p->state = state;
    return 1;
}

static size_t read_chunk_size(sl_http *p, const uint8_t *data, size_t size)
{
    size_t used = 0;
    for (; used < size; used++) {
        int digit = hex_digit(data[used]);
        if (digit < 0) break;
        if (++p->digits > MAX_SIZE_DIGITS) return fail(p, SL_HTTP_BAD_CHUNK);
        p->remaining = p->remaining << 4 | (uint64_t)digit;
    }
    if (p->digits == 0) return fail(p, SL_HTTP_BAD_CHUNK);
    if (used < size) p->state = AFTER_CHUNK_SIZE;
    return used;
}

static size_t read_after_chunk_size(sl_http *p, const uint8_t *data, size_t size)
{
    (void)size;
    if (*data == '\r') return go_to(p, AT_CHUNK_LINE_LF);
    if (!is_blank(*data) && *data != ';') return fail(p, SL_HTTP_BAD_CHUNK);
    if (charge_extension(p, 1) < 0) return 0;
    return go_to(p, *data == ';' ? IN_CHUNK_EXTENSION : AFTER_CHUNK_SIZE);
}

static size_t read_chunk_extension(sl_http *p, const uint8_t *data, size_t size)
{
    size_t used = (size_t)(skip(data, data + size, TEXT) - data);
    if (charge_extension(p, used) < 0 || used == size) return used;
    if (data[used] != '\r') return fail(p, SL_HTTP_BAD_CHUNK);
    return used + go_to(p, AT_CHUNK_LINE_LF);
}

static size_t read_chunk_line_lf(sl_http *p, const uint8_t *data, size_t size)
{
    (void)size;
    if (*data != '\n') return fail(p, SL_HTTP_BAD_CHUNK);
    if (p->remaining > p->max_body_bytes - p->body_total) return fail(p, SL_HTTP_BODY_TOO_LARGE);
    return go_to(p, p->remaining > 0 ? IN_CHUNK : AT_TRAILER);
}

static size_t read_chunk(sl_http *p, const uint8_t *data, size_t size)
{
    return take_remaining(p, data, size, AT_CHUNK_CR);
}

static size_t read_chunk_cr(sl_http *p, const uint8_t *data, size_t size)
{
    (void)size;
    return *data == '\r' ? go_to(p, AT_CHUNK_LF) : fail(p, SL_HTTP_BAD_CHUNK);
}

static size_t read_chunk_lf(sl_http *p, const uint8_t *data, size_t size)
{
    (void)size;
    if (*data != '\n') return fail(p, SL_HTTP_BAD_CHUNK);
    begin_chunk(p);
    return 1;
}

static size_t read_trailer(sl_http *p, const uint8_t *data, size_t size)
{
    (void)size;
    if (*data == '\r') return go_to(p, AT_LAST_LF);
    if (*data == '\n') return go_to(p, IS_DONE);
    if (!(CLASS[*data] & TOKEN)) return fail(p, SL_HTTP_BAD_HEADER);
    if (p->fields++ >= p->max_headers) return fail(p, SL_HTTP_TOO_MANY_HEADERS);
    p->line_bytes = 0;
    p->state = IN_TRAILER_NAME;
    return 0;
}

/* What is read of a trailer, and the byte after that, which leads to another state. */
static size_t charge_and_go_to(sl_http *p, size_t used, uint8_t state)
{
    return charge_trailer(p, used + 1) < 0 ? 0 : used + go_to(p, state);
}

static size_t read_trailer_name(sl_http *p, const uint8_t *data, size_t size)
{
    size_t used = (size_t)(skip(data, data + size, TOKEN) - data);
    if (used < size && data[used] == ':') return charge_and_go_to(p, used, IN_TRAILER_VALUE);
    if (charge_trailer(p, used) < 0 || used == size) return used;
    return fail(p, SL_HTTP_BAD_HEADER);
}

static size_t read_trailer_value(sl_http *p, const uint8_t *data, size_t size)
{
    size_t used = (size_t)(skip(data, data + size, TEXT) - data);
    if (used < size && data[used] == '\r') return charge_and_go_to(p, used, AT_TRAILER_LF);
    if (used < size && data[used] == '\n') return charge_and_go_to(p, used, AT_TRAILER);
    if (charge_trailer(p, used) < 0 || used == size) return used;
    return fail(p, SL_HTTP_BAD_HEADER);
}

static size_t read_trailer_lf(sl_http *p, const uint8_t *data, size_t size)
{
    (void)size;
    return *data == '\n' ? charge_and_go_to(p, 0, AT_TRAILER) : fail(p, SL_HTTP_BAD_HEADER);
}

static size_t read_last_lf(sl_http *p, const uint8_t *data, size_t size)
{
    (void)size;
    return *data == '\n' ? go_to(p, IS_DONE) : fail(p, SL_HTTP_BAD_HEADER);
}

/* Feeding */

/* Each takes some of at least one byte, or goes to another state. */
static size_t (*const READERS[])(sl_http *p, const uint8_t *data, size_t size) = {
    [IN_HEAD] = read_head,
    [IN_HEAD_COPY] = read_head_copy,
    [IN_COUNTED_BODY] = read_counted_body,
    [IN_BODY_UNTIL_CLOSE] = read_body_until_close,
    [AT_CHUNK_SIZE] = read_chunk_size,
    [AFTER_CHUNK_SIZE] = read_after_chunk_size,
    [IN_CHUNK_EXTENSION] = read_chunk_extension,
    [AT_CHUNK_LINE_LF] = read_chunk_line_lf,
    [IN_CHUNK] = read_chunk,
    [AT_CHUNK_CR] = read_chunk_cr,
    [AT_CHUNK_LF] = read_chunk_lf,
    [AT_TRAILER] = read_trailer,
    [IN_TRAILER_NAME] = read_trailer_name,
    [IN_TRAILER_VALUE] = read_trailer_value,
    [AT_TRAILER_LF] = read_trailer_lf,
    [AT_LAST_LF] = read_last_lf,
};

static sl_http_status status_of(const sl_http *p)
{
    if (p->state == IS_FAILED) return SL_HTTP_ERROR;
    return p->state == IS_DONE ? SL_HTTP_DONE : SL_HTTP_MORE;
}

sl_http_status sl_http_feed(sl_http *p, const uint8_t *data, size_t size, size_t *consumed)
{
    size_t used = 0;
    if (size > 0) p->started = 1;
    while (used < size && p->state < IS_DONE) used += READERS[p->state](p, data + used, size - used);
    if (p->state < IS_DONE && (keep_head(p) < 0 || keep_body(p) < 0)) fail(p, SL_HTTP_NO_MEMORY);
    *consumed = used;
    p->borrowed = p->state == IS_DONE && (p->head_lent || p->body_lent);
    return status_of(p);
}

sl_http_status sl_http_end(sl_http *p)
{
    if (p->state == IN_BODY_UNTIL_CLOSE) p->state = IS_DONE;
    else if (p->state < IS_DONE) fail(p, p->started ? SL_HTTP_CLOSED_EARLY : SL_HTTP_CLOSED_UNANSWERED);
    return status_of(p);
}

const char *sl_http_error_text(sl_http_error error)
{
    static const char *const TEXTS[] = {
        [SL_HTTP_OK] = "no error",
        [SL_HTTP_BAD_STATUS_LINE] = "not an HTTP/1.x status line",
        [SL_HTTP_BAD_HEADER] = "malformed header field",
        [SL_HTTP_BAD_LENGTH] = "invalid or conflicting content-length",
        [SL_HTTP_BAD_FRAMING] = "ambiguous body framing or unknown transfer coding",
        [SL_HTTP_BAD_CHUNK] = "malformed chunk",
        [SL_HTTP_LINE_TOO_LONG] = "status line, header field or trailer field too long",
        [SL_HTTP_HEAD_TOO_LARGE] = "response head too large",
        [SL_HTTP_TOO_MANY_HEADERS] = "too many header fields",
        [SL_HTTP_TOO_MANY_INTERIM] = "too many interim responses",
        [SL_HTTP_EXTENSION_TOO_LARGE] = "chunk extensions too large",
        [SL_HTTP_TRAILER_TOO_LARGE] = "trailers too large",
        [SL_HTTP_BODY_TOO_LARGE] = "response body too large",
        [SL_HTTP_CLOSED_EARLY] = "connection closed in the middle of a response",
        [SL_HTTP_CLOSED_UNANSWERED] = "connection closed before a response",
        [SL_HTTP_NO_MEMORY] = "out of memory",
    };
    size_t index = (size_t)error;
    return index < sizeof TEXTS / sizeof *TEXTS ? TEXTS[index] : "unknown error";
}
