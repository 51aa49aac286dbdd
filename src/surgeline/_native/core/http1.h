/* An HTTP/1.1 response parser: bytes in, one response out. RFC 9112.
 *
 * It is fed whatever recv() gave, in pieces of any size. While a response lies whole in the piece it was fed, nothing
 * is copied: head and body point into the caller's bytes (`borrowed`). Otherwise the parser keeps its own copy.
 * Interim responses (1xx but 101) are passed over and counted. Every limit is a field. Anything that could be read in
 * two ways (a response with both lengths, two different lengths, a transfer coding other than chunked, a bare CR or NUL
 * in a field, white space before a colon, folded lines) is an error, never a guess. Bare LF line ends are accepted, as
 * RFC 9112 2.2 allows for the status line and for fields; chunk framing needs CRLF.
 * Knows nothing of Python, sockets, TLS or clocks.
 */
#ifndef SURGELINE_HTTP1_H
#define SURGELINE_HTTP1_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    SL_HTTP_MORE = 0,          /* needs more bytes */
    SL_HTTP_DONE = 1,          /* one response is complete; `consumed` says how many of the bytes fed belong to it */
    SL_HTTP_ERROR = -1         /* see `error`; the connection is of no more use */
} sl_http_status;

typedef enum {
    SL_HTTP_OK = 0,
    SL_HTTP_BAD_STATUS_LINE,
    SL_HTTP_BAD_HEADER,
    SL_HTTP_BAD_LENGTH,        /* content-length is not a number, is repeated with another value, or is too big to be one */
    SL_HTTP_BAD_FRAMING,       /* both lengths, or a transfer coding that is not exactly "chunked" */
    SL_HTTP_BAD_CHUNK,
    SL_HTTP_HEAD_TOO_LARGE,    /* also: too many header fields, too many interim responses, trailers too large */
    SL_HTTP_BODY_TOO_LARGE,
    SL_HTTP_CLOSED_EARLY,      /* end of stream before the response was complete */
    SL_HTTP_CLOSED_UNANSWERED, /* end of stream before its first byte */
    SL_HTTP_NO_MEMORY
} sl_http_error;

typedef struct {
    uint8_t *data;
    size_t size, capacity;
} sl_buffer;

typedef struct {
    /* Limits, set by sl_http_init and free to change before a response. */
    size_t max_head_bytes;     /* 256 KiB for a status line and fields; as much for chunk extensions and trailers */
    uint32_t max_headers;      /* 256 */
    uint32_t max_interim;      /* 16 responses 1xx before the final one */
    uint64_t max_body_bytes;   /* 128 MiB, after chunked framing is taken off */

    /* The response, valid after SL_HTTP_DONE and until the next reset or feed. status and the flags are valid as soon
     * as the head is complete (head_complete). */
    int status;
    int minor_version;         /* 1 for HTTP/1.1, 0 for HTTP/1.0 */
    int keep_alive;            /* may the connection serve another request? */
    int head_complete;
    const uint8_t *head;       /* from the first header field to before the empty line; no status line */
    size_t head_size;
    const uint8_t *body;       /* decoded body */
    size_t body_size;
    int borrowed;              /* head, body or both point into the bytes of the last feed */
    uint32_t interim;          /* 1xx responses passed over */
    sl_http_error error;

    /* The rest is the parser's own. */
    int request_is_head;
    uint8_t state;
    uint8_t framing;
    uint8_t started;
    uint8_t digits;            /* of the chunk size being read */
    uint8_t head_lent, body_lent;                        /* which of the two points into the bytes being fed */
    uint32_t fields;
    uint64_t remaining;
    size_t head_start;         /* how long the status line is */
    size_t line_start;         /* in head_copy: the first line not read yet */
    size_t line_bytes;         /* chunk extensions and trailers so far */
    sl_buffer head_copy, body_copy;
} sl_http;

void sl_http_init(sl_http *p);
void sl_http_free(sl_http *p);                       /* frees the copies; back to the state after init */

/* Make ready for the next response on the connection. request_is_head: the request was HEAD, so no body follows.
 * Limits are kept; copies larger than 64 KiB are freed, smaller ones kept for reuse. */
void sl_http_reset(sl_http *p, int request_is_head);

/* Feed bytes. On SL_HTTP_MORE all of them were taken; after SL_HTTP_ERROR `consumed` means nothing. Once a response is
 * done, nothing more is taken before the next reset. */
sl_http_status sl_http_feed(sl_http *p, const uint8_t *data, size_t size, size_t *consumed);

/* The peer closed: SL_HTTP_DONE if that completes a body read until close, else SL_HTTP_ERROR. */
sl_http_status sl_http_end(sl_http *p);

/* Has any byte of a response arrived since the reset (interim ones included)? */
int sl_http_started(const sl_http *p);

const char *sl_http_error_text(sl_http_error error); /* a short phrase, lower case, for a person */

#endif
