/* However a stream of responses is cut, and whatever becomes of their bodies, the parser must make the same of it.
 *
 * An input's first four bytes set the request, the limits, the use of bodies and the cuts; the rest is what the server
 * sends. It is fed whole with its bodies kept, then in pieces with its bodies kept, then in pieces with its bodies used
 * in the way chosen. Each response of the three runs must agree, and must be within its limits.
 *
 * The long run, from the repository's root (10 million inputs; what is new to the coverage comes into `found`):
 *
 *     clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc/surgeline/_native/core \
 *         tests/native/fuzz_http1.c src/surgeline/_native/core/http1.c -o fuzz_http1
 *     mkdir -p found
 *     ./fuzz_http1 -runs=10000000 -max_len=4096 -print_final_stats=1 found tests/native/corpus/http1
 *
 * and to add to the corpus the smallest inputs found that reach what it does not:
 *
 *     ./fuzz_http1 -merge=1 -use_counters=0 -max_len=1024 tests/native/corpus/http1 found
 */
#include "fuzz.h"

#include "http1.h"

enum { SETTINGS = 4, MOST_RESPONSES = 4, ORDINARY_BODY = 64 * 1024 };

enum { TO_HEAD = 1, TO_CONNECT = 2 };

enum {
    SHORT_LINES = 1, SMALL_HEADS = 2, FEW_HEADERS = 4, FEW_INTERIM = 8, SMALL_BODIES = 16, SMALL_EXTENSIONS = 32,
    SMALL_TRAILERS = 64
};

typedef enum { KEEPING, DISCARDING, STREAMING, STREAMING_NOW_AND_THEN, USES } use;

typedef struct {
    sl_http_status result;
    sl_http_error error;
    int status, minor_version, keep_alive, flags, ended;
    uint32_t interim;
    uint64_t body_total;
    size_t consumed, head_size, body_size;
    uint8_t *head, *body;
} outcome;

typedef struct {
    const uint8_t *data;
    size_t size;
    uint8_t request, limits;
    use body;
    size_t longest_piece;                                /* 0: everything in one piece */
    uint64_t random;
} server;

static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (size) memcpy(copy, data, size);
    return copy;
}

static size_t next_piece(server *s)
{
    if (s->longest_piece == 0) return s->size;
    uint64_t random = next_random(&s->random);
    size_t piece = 1 + (size_t)(random >> 8) % s->longest_piece;
    if (random % 8 == 0) piece *= 16;
    return piece < s->size ? piece : s->size;
}

static void set_limits(sl_http *p, uint8_t limits)
{
    p->max_body_bytes = limits & SMALL_BODIES ? 20 : ORDINARY_BODY;
    if (limits & SHORT_LINES) p->max_line_bytes = 40;
    if (limits & SMALL_HEADS) p->max_head_bytes = 100;
    if (limits & FEW_HEADERS) p->max_headers = 4;
    if (limits & FEW_INTERIM) p->max_interim = 1;
    if (limits & SMALL_EXTENSIONS) p->max_chunk_extension_bytes = 10;
    if (limits & SMALL_TRAILERS) p->max_trailer_bytes = 45;
}

static void set_use(sl_http *p, use body)
{
    if (body == DISCARDING) p->body_use = SL_HTTP_DISCARD;
    if (body == STREAMING || body == STREAMING_NOW_AND_THEN) p->body_use = SL_HTTP_STREAM;
}

static int flags_of(const sl_http *p)
{
    return p->has_set_cookie | p->has_location << 1 | p->has_content_encoding << 2;
}

static int begins_with(const uint8_t *line, size_t size, const char *lower)
{
    for (size_t i = 0; lower[i] != '\0'; i++) {
        uint8_t byte = i < size ? line[i] : 0;
        if ((byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte) != lower[i]) return 0;
    }
    return 1;
}

/* The parser's flags and limits, found once more from the head as it is given. */
static void check_head(const sl_http *p)
{
    int flags = 0;
    uint32_t fields = 0;
    const uint8_t *line = p->head, *end = p->head + p->head_size;
    CHECK(p->head_size <= p->max_head_bytes, "%zu", p->head_size);
    while (line < end) {
        const uint8_t *line_end = memchr(line, '\n', (size_t)(end - line));
        CHECK(line_end != NULL, "a head that ends within a line");
        size_t size = (size_t)(line_end + 1 - line);
        CHECK(size <= p->max_line_bytes && ++fields <= p->max_headers, "%zu, %u", size, fields);
        if (begins_with(line, size, "set-cookie:")) flags |= 1;
        if (begins_with(line, size, "location:")) flags |= 2;
        if (begins_with(line, size, "content-encoding:")) flags |= 4;
        line = line_end + 1;
    }
    CHECK(flags == flags_of(p), "%d, not %d", flags_of(p), flags);
}

static void take_body(outcome *o, sl_http *p)
{
    o->body = realloc(o->body, o->body_size + p->body_size + 1);
    memcpy(o->body + o->body_size, p->body, p->body_size);
    o->body_size += p->body_size;
    sl_http_release_body(p);
}

static void note(outcome *o, sl_http *p)
{
    o->error = p->error;
    o->interim = p->interim;
    CHECK(p->interim <= p->max_interim && p->body_total <= p->max_body_bytes, "%u", p->interim);
    if (o->result != SL_HTTP_DONE) return;
    check_head(p);
    o->status = p->status;
    o->minor_version = p->minor_version;
    o->keep_alive = p->keep_alive;
    o->flags = flags_of(p);
    o->body_total = p->body_total;
    o->head_size = p->head_size;
    o->head = copy_of(p->head, p->head_size);
    take_body(o, p);
    CHECK(o->body_size == (p->body_use == SL_HTTP_DISCARD ? 0 : o->body_total), "%zu", o->body_size);
}

static void feed(outcome *o, sl_http *p, server *s)
{
    size_t used = 0, size = next_piece(s);
    uint8_t *piece = copy_of(s->data, size);             /* gone before the next */
    o->result = sl_http_feed(p, piece, size, &used);
    CHECK(used <= size && (o->result != SL_HTTP_MORE || used == size), "%zu of %zu", used, size);
    CHECK(p->body_use != SL_HTTP_DISCARD || p->body_size == 0, "%zu", p->body_size);
    if (s->body == STREAMING || (s->body == STREAMING_NOW_AND_THEN && next_random(&s->random) % 2)) take_body(o, p);
    if (o->result == SL_HTTP_DONE) note(o, p);
    free(piece);
    s->data += used;
    s->size -= used;
    o->consumed += used;
}

static outcome take_response(sl_http *p, server *s)
{
    outcome o = {.result = SL_HTTP_MORE};
    while (s->size > 0 && o.result == SL_HTTP_MORE) feed(&o, p, s);
    if (o.result == SL_HTTP_DONE) return o;
    o.ended = o.result == SL_HTTP_MORE;
    o.result = sl_http_end(p);
    note(&o, p);
    return o;
}

/* Only the first request can be something else than GET. */
static size_t take_responses(server s, outcome *outcomes)
{
    size_t count = 0;
    sl_http p;
    sl_http_init(&p);
    set_limits(&p, s.limits);
    while (count < MOST_RESPONSES) {
        sl_http_reset(&p, count == 0 && (s.request & TO_HEAD));
        p.request_is_connect = count == 0 && (s.request & TO_CONNECT);
        set_use(&p, s.body);
        outcomes[count] = take_response(&p, &s);
        if (outcomes[count++].result != SL_HTTP_DONE || s.size == 0) break;
    }
    sl_http_free(&p);
    return count;
}

static void check_same(const outcome *a, const outcome *b, use body)
{
    CHECK(a->result == b->result && a->error == b->error, "%d and %d", a->error, b->error);
    CHECK(a->interim == b->interim && a->ended == b->ended, "%u and %u", a->interim, b->interim);
    if (a->result != SL_HTTP_DONE) return;
    CHECK(a->consumed == b->consumed, "%zu and %zu", a->consumed, b->consumed);
    CHECK(a->status == b->status && a->minor_version == b->minor_version, "%d and %d", a->status, b->status);
    CHECK(a->keep_alive == b->keep_alive && a->flags == b->flags, "%d and %d", a->keep_alive, b->keep_alive);
    CHECK(a->head_size == b->head_size && memcmp(a->head, b->head, a->head_size) == 0, "heads differ");
    CHECK(a->body_total == b->body_total, "%zu and %zu", a->body_size, b->body_size);
    if (body == DISCARDING) return;
    CHECK(a->body_size == b->body_size && memcmp(a->body, b->body, a->body_size) == 0, "bodies differ");
}

static void free_all(outcome *outcomes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(outcomes[i].head);
        free(outcomes[i].body);
    }
}

static void compare(server s, const outcome *whole, size_t count)
{
    outcome cut[MOST_RESPONSES];
    size_t cut_count = take_responses(s, cut);
    CHECK(count == cut_count, "%zu and %zu responses", count, cut_count);
    for (size_t i = 0; i < count; i++) check_same(&whole[i], &cut[i], s.body);
    free_all(cut, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    outcome whole[MOST_RESPONSES];
    if (size < SETTINGS) return 0;
    server s = {.data = data + SETTINGS, .size = size - SETTINGS, .request = data[0], .limits = data[1]};
    size_t count = take_responses(s, whole);
    s.longest_piece = 1 + data[3] % 64;
    s.random = 1 + data[3];
    compare(s, whole, count);
    s.body = data[2] % USES;
    compare(s, whole, count);
    free_all(whole, count);
    return 0;
}
