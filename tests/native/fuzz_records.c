/* However a file is cut, and whether its records are noted all or one for about every so many bytes, the scanner must
 * make the same of it; and the blocks between those that were noted must give all the records again.
 *
 * An input's first four bytes set the kind with its options, the number of fields, the spacing and the pieces; the rest
 * is the file. How to run it: see fuzz.h.
 */
#include "fuzz.h"

#include "records.h"

enum { SETTINGS = 4, KINDS = 3, WITH_KEY = 4, OTHER_DELIMITER = 8, WITH_START = 16 };

static const uint8_t KEY[] = {'u', 's', 'e', 'r', 's'};

typedef struct {
    const uint8_t *settings, *data;
    size_t size;
} file;

static uint64_t start_of(const file *f)
{
    return f->settings[0] & WITH_START ? 3 : 0;
}

static void begin_scan(sl_records *r, const file *f, uint64_t spacing)
{
    uint8_t options = f->settings[0];
    sl_records_init(r, (sl_records_kind)(options / 32 % KINDS), start_of(f));
    r->delimiter = options & OTHER_DELIMITER ? ';' : ',';
    r->fields = f->settings[1] % 8;
    r->spacing = spacing;
    if (r->kind == SL_RECORDS_ARRAY && options & WITH_KEY) sl_records_search(r, KEY, sizeof KEY);
}

static int feed_copy(sl_records *r, const uint8_t *data, size_t size)
{
    uint8_t *piece = malloc(size ? size : 1);
    if (size) memcpy(piece, data, size);
    int result = sl_records_feed(r, piece, size);
    free(piece);                                         /* gone before the next */
    return result;
}

/* With `longest` 0, everything in one piece. */
static void scan(sl_records *r, const file *f, uint64_t spacing, size_t longest)
{
    uint64_t random = 1 + longest;
    size_t at = 0;
    int result = 0;
    begin_scan(r, f, spacing);
    while (at < f->size && result == 0) {
        size_t size = longest ? 1 + (size_t)(next_random(&random) >> 8) % longest : f->size;
        if (size > f->size - at) size = f->size - at;
        result = feed_copy(r, f->data + at, size);
        at += size;
    }
    if (result == 0) result = sl_records_end(r);
    CHECK((result == 0) == (r->error == SL_RECORDS_OK), "%d with error %d", result, r->error);
}

static void check_places(const sl_records *r, const file *f)
{
    uint64_t end = start_of(f), line = 1;
    for (size_t i = 0; i < r->noted_count; i++) {
        const sl_record *one = &r->noted[i];
        CHECK(one->number == i, "record %zu", i);
        CHECK(end <= one->start && one->start < one->end, "record %zu", i);
        CHECK(line <= one->line, "record %zu", i);
        end = one->end;
        line = one->line;
    }
    CHECK(end <= r->end && r->end <= start_of(f) + f->size, "%llu", (unsigned long long)r->end);
    CHECK(r->count == r->noted_count, "%zu", r->noted_count);
}

static void check_same(const sl_records *a, const sl_records *b)
{
    CHECK(a->error == b->error && a->found == b->found, "%d and %d", a->error, b->error);
    CHECK(a->error_line == b->error_line && a->count == b->count, "error %d", a->error);
    CHECK(a->end == b->end && a->fields == b->fields, "error %d", a->error);
}

static void check_same_notes(const sl_records *a, const sl_records *b)
{
    CHECK(a->noted_count == b->noted_count, "%zu and %zu", a->noted_count, b->noted_count);
    if (a->noted_count == 0) return;
    CHECK(memcmp(a->noted, b->noted, a->noted_count * sizeof *a->noted) == 0, "notes differ");
}

static size_t check_block(const sl_records *whole, const sl_records *index, size_t number, const file *f)
{
    const sl_record *first = &index->noted[number];
    uint64_t end = number + 1 < index->noted_count ? first[1].start : index->end, skipped = start_of(f);
    size_t size = (size_t)(end - first->start);
    uint8_t *block = malloc(size);
    memcpy(block, f->data + (first->start - skipped), size);
    sl_records r;
    CHECK(sl_records_cut(&r, index, block, size, first->line) == 0, "block %zu: error %d", number, r.error);
    for (size_t i = 0; i < r.noted_count; i++) {
        const sl_record *expected = &whole->noted[first->number + i], *found = &r.noted[i];
        CHECK(found->start + first->start == expected->start, "record %zu of block %zu", i, number);
        CHECK(found->end + first->start == expected->end, "record %zu of block %zu", i, number);
        CHECK(found->line == expected->line, "record %zu of block %zu", i, number);
    }
    size_t count = r.noted_count;
    sl_records_free(&r);
    free(block);
    return count;
}

static void check_blocks(const sl_records *whole, const sl_records *index, const file *f)
{
    uint64_t count = 0;
    for (size_t i = 0; i < index->noted_count; i++) {
        CHECK(index->noted[i].number == count, "block %zu", i);
        count += check_block(whole, index, i, f);
    }
    CHECK(count == whole->count, "%llu records in blocks", (unsigned long long)count);
}

/* The block's bytes may be others by the time that they are read: whatever they are, they must do no harm. */
static void check_changed(const sl_records *index, const file *f)
{
    sl_records r;
    if (index->noted_count == 0) return;
    int result = sl_records_cut(&r, index, f->data + f->size / 2, f->size - f->size / 2, 1);
    CHECK((result == 0) == (r.error == SL_RECORDS_OK), "%d with error %d", result, r.error);
    sl_records_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sl_records whole, cut, index;
    if (size < SETTINGS) return 0;
    file f = {.settings = data, .data = data + SETTINGS, .size = size - SETTINGS};
    size_t longest = 1 + data[3] % 64;
    scan(&whole, &f, 0, 0);
    scan(&cut, &f, 0, longest);
    scan(&index, &f, data[2], longest);
    check_places(&whole, &f);
    check_same(&whole, &cut);
    check_same_notes(&whole, &cut);
    check_same(&whole, &index);
    if (whole.error == SL_RECORDS_OK) check_blocks(&whole, &index, &f);
    check_changed(&index, &f);
    sl_records_free(&whole);
    sl_records_free(&cut);
    sl_records_free(&index);
    return 0;
}
