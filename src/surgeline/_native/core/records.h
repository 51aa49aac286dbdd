/* Where the records of a text file are: rows of CSV, values on lines of their own, elements of a JSON array.
 *
 * The scanner is fed a file in pieces of any size, or one block of it, and notes records: all of them, or one for about
 * every so many bytes (`spacing`), which is an index of a file of any size. It looks at brackets, quotes, delimiters and
 * line ends alone; what a record says is read when it is drawn. What would make a wrong record of what follows (a quote
 * or bracket that nothing closes, a row with other fields than the rest) is an error with its line, never a guess.
 *
 * CSV as RFC 4180 and Python's csv module (strict) read it: fields may be quoted, a quote within is doubled, rows end
 * with CR, LF or both, empty lines are no rows. A quote in a field that does not begin with one stands for itself.
 * JSON as RFC 8259. The encoding is one where bytes below 0x80 are ASCII and nothing else.
 * Knows nothing of Python, files or encodings.
 */
#ifndef SURGELINE_RECORDS_H
#define SURGELINE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

typedef enum { SL_RECORDS_CSV, SL_RECORDS_LINES, SL_RECORDS_ARRAY } sl_records_kind;

typedef enum {
    SL_RECORDS_OK = 0,
    SL_RECORDS_ZERO_BYTE,      /* this is no text */
    SL_RECORDS_OPEN_QUOTE,     /* a quote that nothing closes: before the end, or in JSON before the end of the line */
    SL_RECORDS_AFTER_QUOTE,    /* CSV: something between a closing quote and the delimiter; `found` */
    SL_RECORDS_FIELDS,         /* CSV: a row with `found` fields, not `fields` */
    SL_RECORDS_NO_VALUE,       /* JSON: `found` where a value must be */
    SL_RECORDS_NO_COMMA,       /* JSON: `found` where a value is over */
    SL_RECORDS_OPEN_BRACKET,   /* JSON: `found`, a bracket that nothing closes: before the end, or that of the line */
    SL_RECORDS_WRONG_BRACKET,  /* JSON: `found` closes another bracket */
    SL_RECORDS_TOO_DEEP,       /* JSON: more than SL_RECORDS_DEEPEST brackets in one another */
    SL_RECORDS_AFTER_END,      /* JSON: something after the array, or after the object around it */
    SL_RECORDS_NO_ARRAY,       /* JSON: `found` where the array must begin; 0 at the end of the file */
    SL_RECORDS_NO_OBJECT,      /* JSON: `found` where the object with the key must begin; 0 at the end of the file */
    SL_RECORDS_NO_KEY,         /* JSON: an object without the key */
    SL_RECORDS_BAD_KEY,        /* JSON: `found` where a key or its colon must be */
    SL_RECORDS_NO_MEMORY
} sl_records_error;

enum { SL_RECORDS_DEEPEST = 1024 };

typedef struct {
    uint64_t number;           /* from 0 */
    uint64_t start, end;       /* of its bytes; a line end or comma is no part of it */
    uint64_t line;             /* where it begins, from 1 */
} sl_record;

typedef struct {
    /* Options, set after sl_records_init and before anything is fed. */
    uint8_t delimiter;         /* CSV: ',' */
    uint64_t fields;           /* CSV: of each row; 0: as many as the first has */
    uint64_t spacing;          /* records that begin at least so many bytes after the last noted are noted; 0: all */

    /* What was found. */
    sl_record *noted;
    size_t noted_count;
    uint64_t count;            /* of all records */
    uint64_t end;              /* offset after the last record, with the bracket that closes an array */
    sl_records_error error;
    uint64_t error_line;       /* of the row or value, or where the quote or bracket stands that nothing closes */
    uint64_t found;            /* a byte or a number of fields: see the errors */

    /* The rest is the scanner's own. */
    size_t noted_capacity;
    const uint8_t *piece;      /* the bytes being fed */
    uint64_t at;               /* their offset */
    uint64_t line;
    uint64_t start, start_line;
    uint64_t row_fields, quote_line;
    const uint8_t *key;        /* the caller's */
    size_t key_size, key_matched;                        /* how many of its bytes were met */
    uint64_t opened_line[SL_RECORDS_DEEPEST];
    uint8_t opened[SL_RECORDS_DEEPEST];                  /* the brackets */
    uint32_t depth, level;     /* how many are open; how many around the values that are separated now */
    uint8_t kind, state;
    uint8_t in_array;          /* are these values the records? */
    uint8_t key_found, key_differs;
} sl_records;

/* `start` is the offset of the first byte that will be fed. */
void sl_records_init(sl_records *r, sl_records_kind kind, uint64_t start);
void sl_records_free(sl_records *r);

/* For SL_RECORDS_ARRAY, before anything is fed: the array is no file of its own but a member of the object that is the
 * file, the first of this key. Keys are compared as they are written, escapes too. The key's bytes stay the caller's. */
void sl_records_search(sl_records *r, const uint8_t *key, size_t size);

/* Feed the next bytes. -1 after an error: see `error`. */
int sl_records_feed(sl_records *r, const uint8_t *data, size_t size);

/* There is no more. -1 for an error. */
int sl_records_end(sl_records *r);

/* Note all records of a block: bytes from where a record begins to where another one does, or to `end`. `r` is
 * initialized here, with the options and knowledge of `whole`, which has been fed the file. */
int sl_records_cut(sl_records *r, const sl_records *whole, const uint8_t *block, size_t size, uint64_t line);

#endif
