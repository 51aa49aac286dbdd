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

#include "buffer.h"

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
    SL_HTTP_LINE_TOO_LONG,     /* from here on: one error for each limit */
    SL_HTTP_HEAD_TOO_LARGE,
    SL_HTTP_TOO_MANY_HEADERS,
    SL_HTTP_TOO_MANY_INTERIM,
    SL_HTTP_EXTENSION_TOO_LARGE,
    SL_HTTP_TRAILER_TOO_LARGE,
    SL_HTTP_BODY_TOO_LARGE,
    SL_HTTP_CLOSED_EARLY,      /* end of stream before the response was complete */
    SL_HTTP_CLOSED_UNANSWERED, /* end of stream before its first byte */
    SL_HTTP_NO_MEMORY
} sl_http_error;

/* What becomes of a body. Its bytes are counted and limited in the same way whichever it is. */
typedef enum {
    SL_HTTP_KEEP = 0,          /* `body` is all of it in the end */
    SL_HTTP_DISCARD,           /* `body` stays empty */
    SL_HTTP_STREAM             /* `body` is what came since sl_http_release_body was last called */
} sl_http_body_use;

typedef struct {
    /* Limits, set by sl_http_init and free to change before a response. */
    size_t max_line_bytes;     /* 64 KiB: the status line, a field or a trailer, with its line end */
    size_t max_head_bytes;     /* 256 KiB: the status line, fields and empty line of each response, interim ones too */
    size_t max_chunk_extension_bytes; /* 16 KiB: what stands between chunk sizes and their line ends, all together */
    size_t max_trailer_bytes;  /* 64 KiB: all trailers with their line ends */
    uint64_t max_body_bytes;   /* 128 MiB, after chunked framing is taken off */
    uint32_t max_headers;      /* 256 fields, trailers included */
    uint32_t max_interim;      /* 16 responses 1xx before the final one */

    /* The request, and what the response is for: set after a reset, which makes them 0 and SL_HTTP_KEEP. */
    int request_is_connect;    /* a 2xx opens a tunnel: it has no body, and what it says of one is ignored */
    uint8_t body_use;          /* sl_http_body_use; may become SL_HTTP_DISCARD between feeds, with a release */

    /* The response, valid after SL_HTTP_DONE and until the next reset or feed. status and the flags are valid as soon
     * as the head is complete (head_complete). */
    int status;
    int minor_version;         /* 1 for HTTP/1.1, 0 for HTTP/1.0 */
    int keep_alive;            /* may the connection serve another request? Not after 101 and not as a tunnel */
    int head_complete;
    const uint8_t *head;       /* from the first header field to before the empty line; no status line */
    size_t head_size;
    uint8_t has_set_cookie, has_location, has_content_encoding; /* is there such a field? */
    const uint8_t *body;       /* decoded body, as much of it as body_use says */
    size_t body_size;
    uint64_t body_total;       /* decoded bytes that came so far, whatever became of them */
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
    size_t extension_bytes, trailer_bytes;
    size_t line_bytes;         /* of the trailer being read */
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

/* What `body` holds was taken: it is empty now, and its memory is used for what comes next. For SL_HTTP_STREAM, after
 * any feed. What is not released is kept, and the next feed adds to it. */
void sl_http_release_body(sl_http *p);

/* The peer closed: SL_HTTP_DONE if that completes a body read until close, else SL_HTTP_ERROR. */
sl_http_status sl_http_end(sl_http *p);

/* How many bytes of a body that has a Content-Length are still to come; 0 before its head is complete, and for others. */
uint64_t sl_http_to_come(const sl_http *p);

/* Has any byte of a response arrived since the reset (interim ones included)? */
int sl_http_started(const sl_http *p);

const char *sl_http_error_text(sl_http_error error); /* a short phrase, lower case, for a person */

#endif
