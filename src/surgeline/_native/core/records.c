/* How it works. What was read last is a state; the reader of each state takes as many bytes as it can and sets the next.
 * Nothing but the state is carried from one piece to the next, so how the bytes were split never changes a result.
 */
#include "records.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

enum {
    AT_ROW, AT_FIELD, IN_FIELD, IN_QUOTES, AFTER_QUOTE, AFTER_CR,
    /* White space is passed over in these. */
    AT_LINE, AT_ARRAY, AT_OBJECT, AT_FIRST_KEY, AT_KEY, AT_COLON, AT_MEMBER, AT_FIRST_VALUE, AT_VALUE, AFTER_END,
    IN_KEY, IN_KEY_ESCAPE, IN_VALUE, IN_STRING, IN_STRING_ESCAPE, AFTER_VALUE
};

typedef const uint8_t *bytes;                            /* NULL after an error */

/* Notes and errors */

static bytes fail(sl_records *r, sl_records_error error, uint64_t line, uint64_t found)
{
    r->error = error;
    r->error_line = line;
    r->found = found;
    return NULL;
}

static uint64_t offset_of(const sl_records *r, bytes p)
{
    return r->at + (uint64_t)(p - r->piece);
}

static void begin(sl_records *r, bytes p)
{
    r->start = offset_of(r, p);
    r->start_line = r->line;
}

static int note(sl_records *r)
{
    if (r->noted_count == r->noted_capacity) {
        size_t capacity = r->noted_capacity ? 2 * r->noted_capacity : FIRST_CAPACITY;
        sl_record *noted = realloc(r->noted, capacity * sizeof *noted);
        if (noted == NULL) return -1;
        r->noted = noted;
        r->noted_capacity = capacity;
    }
    r->noted[r->noted_count++] = (sl_record){r->count, r->start, r->end, r->start_line};
    return 0;
}

/* The record that was begun ends before `p`. */
static bytes finish(sl_records *r, bytes p)
{
    int is_far = r->noted_count == 0 || r->start - r->noted[r->noted_count - 1].start >= r->spacing;
    r->end = offset_of(r, p);
    if (is_far && note(r) < 0) return fail(r, SL_RECORDS_NO_MEMORY, r->line, 0);
    r->count++;
    return p;
}

/* CSV */

static bytes finish_row(sl_records *r, bytes p)
{
    if (r->fields == 0) r->fields = r->row_fields;
    if (r->row_fields != r->fields) return fail(r, SL_RECORDS_FIELDS, r->start_line, r->row_fields);
    return finish(r, p);
}

static bytes end_line_of_rows(sl_records *r, bytes p)
{
    r->state = *p == '\r' ? AFTER_CR : AT_ROW;
    r->line++;
    return p + 1;
}

static bytes end_row(sl_records *r, bytes p)
{
    return finish_row(r, p) ? end_line_of_rows(r, p) : NULL;
}

static bytes at_row(sl_records *r, bytes p)
{
    if (*p == '\n' || *p == '\r') return end_line_of_rows(r, p);
    begin(r, p);
    r->row_fields = 1;
    r->state = AT_FIELD;
    return p;
}

static bytes at_field(sl_records *r, bytes p)
{
    if (*p != '"') {
        r->state = IN_FIELD;
        return p;
    }
    r->quote_line = r->line;
    r->state = IN_QUOTES;
    return p + 1;
}

static bytes next_field(sl_records *r, bytes p)
{
    r->row_fields++;
    r->state = AT_FIELD;
    return p + 1;
}

static bytes in_field(sl_records *r, bytes p, bytes end)
{
    const uint8_t delimiter = r->delimiter;
    while (p < end && *p != delimiter && *p != '\n' && *p != '\r' && *p != 0) p++;
    if (p == end || *p == 0) return p;
    return *p == delimiter ? next_field(r, p) : end_row(r, p);
}

static bytes in_quotes(sl_records *r, bytes p, bytes end)
{
    for (; p < end && *p != '"' && *p != 0; p++) r->line += *p == '\n';
    if (p == end || *p == 0) return p;
    r->state = AFTER_QUOTE;
    return p + 1;
}

static bytes after_quote(sl_records *r, bytes p)
{
    if (*p == '"') {
        r->state = IN_QUOTES;
        return p + 1;
    }
    if (*p == r->delimiter) return next_field(r, p);
    if (*p == '\n' || *p == '\r') return end_row(r, p);
    return fail(r, SL_RECORDS_AFTER_QUOTE, r->line, *p);
}

static bytes after_cr(sl_records *r, bytes p)
{
    r->state = AT_ROW;
    return *p == '\n' ? p + 1 : p;
}

static bytes read_csv(sl_records *r, bytes p, bytes end)
{
    switch (r->state) {
    case AT_ROW: return at_row(r, p);
    case AT_FIELD: return at_field(r, p);
    case IN_FIELD: return in_field(r, p, end);
    case IN_QUOTES: return in_quotes(r, p, end);
    case AFTER_QUOTE: return after_quote(r, p);
    default: return after_cr(r, p);
    }
}

/* JSON: brackets */

static bytes open_bracket(sl_records *r, bytes p)
{
    if (r->depth == SL_RECORDS_DEEPEST) return fail(r, SL_RECORDS_TOO_DEEP, r->line, 0);
    r->opened_line[r->depth] = r->line;
    r->opened[r->depth++] = *p;
    return p + 1;
}

static bytes close_bracket(sl_records *r, bytes p)
{
    if (r->depth == 0 || *p != (r->opened[r->depth - 1] == '[' ? ']' : '}')) {
        return fail(r, SL_RECORDS_WRONG_BRACKET, r->line, *p);
    }
    r->depth--;
    return p + 1;
}

/* Of the array, or of the object around it. */
static bytes close_level(sl_records *r, bytes p)
{
    p = close_bracket(r, p);
    if (p == NULL) return NULL;
    if (r->in_array) r->end = offset_of(r, p);
    r->in_array = 0;
    r->level--;
    r->state = r->depth == 0 ? AFTER_END : AFTER_VALUE;
    return p;
}

static bytes fail_open(sl_records *r)
{
    return fail(r, SL_RECORDS_OPEN_BRACKET, r->opened_line[r->depth - 1], r->opened[r->depth - 1]);
}

/* JSON: between values */

static int is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bytes at_array(sl_records *r, bytes p)
{
    if (*p != '[') return fail(r, SL_RECORDS_NO_ARRAY, r->line, *p);
    r->in_array = 1;
    r->level++;
    r->state = AT_FIRST_VALUE;
    return open_bracket(r, p);
}

static bytes at_object(sl_records *r, bytes p)
{
    if (*p != '{') return fail(r, SL_RECORDS_NO_OBJECT, r->line, *p);
    r->level++;
    r->state = AT_FIRST_KEY;
    return open_bracket(r, p);
}

static bytes at_key(sl_records *r, bytes p)
{
    if (*p == '}' && r->state == AT_FIRST_KEY) return close_level(r, p);
    if (*p != '"') return fail(r, SL_RECORDS_BAD_KEY, r->line, *p);
    r->quote_line = r->line;
    r->key_matched = 0;
    r->key_differs = 0;
    r->state = IN_KEY;
    return p + 1;
}

static bytes in_key(sl_records *r, bytes p)
{
    if (*p == '\n') return fail(r, SL_RECORDS_OPEN_QUOTE, r->quote_line, '"');
    if (*p == '"' && r->state == IN_KEY) {
        r->state = AT_COLON;
        return p + 1;
    }
    r->state = *p == '\\' && r->state == IN_KEY ? IN_KEY_ESCAPE : IN_KEY;
    if (r->key_matched < r->key_size && *p == r->key[r->key_matched]) r->key_matched++;
    else r->key_differs = 1;
    return p + 1;
}

static bytes at_colon(sl_records *r, bytes p)
{
    if (*p != ':') return fail(r, SL_RECORDS_BAD_KEY, r->line, *p);
    r->state = AT_MEMBER;
    return p + 1;
}

static bytes at_member(sl_records *r, bytes p)
{
    if (!r->key_found && !r->key_differs && r->key_matched == r->key_size) {
        r->key_found = 1;
        return at_array(r, p);
    }
    r->state = AT_VALUE;
    return p;
}

static bytes at_value(sl_records *r, bytes p)
{
    if (*p == ']' && r->state == AT_FIRST_VALUE) return close_level(r, p);
    if (*p == ',' || *p == ':' || *p == ']' || *p == '}') return fail(r, SL_RECORDS_NO_VALUE, r->line, *p);
    begin(r, p);
    r->state = IN_VALUE;
    return p;
}

static bytes at_line(sl_records *r, bytes p)
{
    begin(r, p);
    r->state = IN_VALUE;
    return p;
}

/* JSON: values */

/* At the comma after a value of the level, or at the bracket that closes the level. */
static bytes end_value(sl_records *r, bytes p)
{
    if (r->in_array && finish(r, p) == NULL) return NULL;
    if (*p != ',') return close_level(r, p);
    r->state = r->opened[r->depth - 1] == '[' ? AT_VALUE : AT_KEY;
    return p + 1;
}

static bytes end_line(sl_records *r, bytes p)
{
    if (r->depth > 0) return fail_open(r);
    r->state = AT_LINE;
    return finish(r, p);
}

static int is_plain(uint8_t byte)
{
    return byte > '"' && byte != ',' && byte != '[' && byte != ']' && byte != '{' && byte != '}';
}

static bytes at_bracket_or_quote(sl_records *r, bytes p)
{
    if (*p == '[' || *p == '{') return open_bracket(r, p);
    if (*p == '"') {
        r->quote_line = r->line;
        r->state = IN_STRING;
        return p + 1;
    }
    p = close_bracket(r, p);
    if (p != NULL && r->depth == r->level) r->state = AFTER_VALUE;
    return p;
}

static int ends_value(const sl_records *r, uint8_t byte)
{
    if (r->kind == SL_RECORDS_LINES) return byte == '\n';
    return r->depth == r->level && (byte == ',' || byte == ']' || byte == '}');
}

static bytes in_value(sl_records *r, bytes p, bytes end)
{
    for (;; p++) {
        while (p < end && is_plain(*p)) p++;
        if (p == end || *p == 0) return p;
        if (ends_value(r, *p)) return *p == '\n' ? end_line(r, p) : end_value(r, p);
        if (*p == '\n') r->line++;
        else if (*p > ' ' && *p != ',' && *p != '!') return at_bracket_or_quote(r, p);
    }
}

static bytes in_string(sl_records *r, bytes p, bytes end)
{
    while (p < end && *p != '"' && *p != '\\' && *p != '\n' && *p != 0) p++;
    if (p == end || *p == 0) return p;
    if (*p == '\n') return fail(r, SL_RECORDS_OPEN_QUOTE, r->quote_line, '"');
    if (*p == '\\') r->state = IN_STRING_ESCAPE;
    else r->state = r->depth == r->level ? AFTER_VALUE : IN_VALUE;
    return p + 1;
}

static bytes in_string_escape(sl_records *r, bytes p)
{
    r->state = IN_STRING;
    return *p == '\n' ? p : p + 1;
}

static bytes after_value(sl_records *r, bytes p)
{
    if (ends_value(r, *p)) return *p == '\n' ? end_line(r, p) : end_value(r, p);
    if (!is_space(*p)) return fail(r, SL_RECORDS_NO_COMMA, r->line, *p);
    r->line += *p == '\n';
    return p + 1;
}

static bytes read_json(sl_records *r, bytes p, bytes end)
{
    if (r->state <= AFTER_END && is_space(*p)) {
        r->line += *p == '\n';
        return p + 1;
    }
    switch (r->state) {
    case AT_LINE: return at_line(r, p);
    case AT_ARRAY: return at_array(r, p);
    case AT_OBJECT: return at_object(r, p);
    case AT_FIRST_KEY: case AT_KEY: return at_key(r, p);
    case AT_COLON: return at_colon(r, p);
    case AT_MEMBER: return at_member(r, p);
    case AT_FIRST_VALUE: case AT_VALUE: return at_value(r, p);
    case IN_KEY: case IN_KEY_ESCAPE: return in_key(r, p);
    case IN_VALUE: return in_value(r, p, end);
    case IN_STRING: return in_string(r, p, end);
    case IN_STRING_ESCAPE: return in_string_escape(r, p);
    case AFTER_VALUE: return after_value(r, p);
    default: return fail(r, SL_RECORDS_AFTER_END, r->line, *p);
    }
}

/* The end of the file */

static bytes end_csv(sl_records *r, bytes p)
{
    switch (r->state) {
    case AT_ROW: case AFTER_CR: return p;
    case IN_QUOTES: return fail(r, SL_RECORDS_OPEN_QUOTE, r->quote_line, '"');
    default: return finish_row(r, p);
    }
}

static bytes end_json(sl_records *r, bytes p)
{
    switch (r->state) {
    case AT_LINE: return p;
    case AT_ARRAY: return fail(r, SL_RECORDS_NO_ARRAY, r->line, 0);
    case AT_OBJECT: return fail(r, SL_RECORDS_NO_OBJECT, r->line, 0);
    case AFTER_END: return r->key == NULL || r->key_found ? p : fail(r, SL_RECORDS_NO_KEY, r->line, 0);
    case IN_KEY: case IN_KEY_ESCAPE: case IN_STRING: case IN_STRING_ESCAPE:
        return fail(r, SL_RECORDS_OPEN_QUOTE, r->quote_line, '"');
    default: return r->kind == SL_RECORDS_LINES ? end_line(r, p) : fail_open(r);
    }
}

/* The interface */

void sl_records_init(sl_records *r, sl_records_kind kind, uint64_t start)
{
    *r = (sl_records){.kind = (uint8_t)kind, .delimiter = ',', .at = start, .end = start, .line = 1};
    r->state = kind == SL_RECORDS_CSV ? AT_ROW : kind == SL_RECORDS_LINES ? AT_LINE : AT_ARRAY;
}

void sl_records_search(sl_records *r, const uint8_t *key, size_t size)
{
    r->key = key;
    r->key_size = size;
    r->state = AT_OBJECT;
}

void sl_records_free(sl_records *r)
{
    free(r->noted);
    r->noted = NULL;
    r->noted_count = r->noted_capacity = 0;
}

int sl_records_feed(sl_records *r, const uint8_t *data, size_t size)
{
    bytes p = data, end = data + size;
    r->piece = data;
    while (p != NULL && p < end) {
        if (*p == 0) p = fail(r, SL_RECORDS_ZERO_BYTE, r->line, 0);
        else p = r->kind == SL_RECORDS_CSV ? read_csv(r, p, end) : read_json(r, p, end);
    }
    r->at += size;
    return p == NULL ? -1 : 0;
}

int sl_records_end(sl_records *r)
{
    static const uint8_t nothing[1];
    r->piece = nothing;
    return (r->kind == SL_RECORDS_CSV ? end_csv(r, nothing) : end_json(r, nothing)) == NULL ? -1 : 0;
}

int sl_records_cut(sl_records *r, const sl_records *whole, const uint8_t *block, size_t size, uint64_t line)
{
    sl_records_init(r, (sl_records_kind)whole->kind, 0);
    r->delimiter = whole->delimiter;
    r->fields = whole->fields;
    r->line = line;
    if (r->kind != SL_RECORDS_ARRAY) return sl_records_feed(r, block, size) < 0 ? -1 : sl_records_end(r);
    at_array(r, (const uint8_t *)"[");
    r->state = AT_VALUE;
    return sl_records_feed(r, block, size);
}
