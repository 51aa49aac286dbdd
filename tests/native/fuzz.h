/* A fuzzer is a function of bytes. Under clang it is linked with libFuzzer (-fsanitize=fuzzer); with any other compiler
 * -DSTANDALONE adds this main, which mutates the files of a seed corpus with a generator that always does the same:
 *
 *     program ITERATIONS CORPUS_FILE...
 *
 * Seed n of the run is derived from n alone; a failure prints n, and `FUZZ_FIRST=n program 1 CORPUS_FILE...` repeats it.
 *
 * The commands for a long run under libFuzzer stand at the head of fuzz_http1.c; the other fuzzers are run likewise.
 */
#ifndef SURGELINE_TEST_FUZZ_H
#define SURGELINE_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef STANDALONE

enum { LARGEST_INPUT = 4096, MOST_SEEDS = 256 };

typedef struct {
    size_t size;
    uint8_t bytes[LARGEST_INPUT];
} fuzz_input;

static fuzz_input fuzz_seeds[MOST_SEEDS], fuzz_current;
static size_t fuzz_seed_count;

static void fuzz_load(const char *path)
{
    FILE *file = fopen(path, "rb");
    check_context = path;
    CHECK(file != NULL && fuzz_seed_count < MOST_SEEDS, "cannot be read");
    fuzz_input *seed = &fuzz_seeds[fuzz_seed_count++];
    seed->size = fread(seed->bytes, 1, sizeof seed->bytes, file);
    fclose(file);
}

/* `size` bytes at `at` make room for `added` bytes. */
static void fuzz_splice(fuzz_input *f, size_t at, size_t size, const uint8_t *added, size_t added_size)
{
    if (f->size - size + added_size > LARGEST_INPUT) return;
    memmove(f->bytes + at + added_size, f->bytes + at + size, f->size - at - size);
    memmove(f->bytes + at, added, added_size);
    f->size += added_size - size;
}

static void fuzz_mutate(fuzz_input *f, uint64_t *random)
{
    static const char *const PIECES[] = {
        "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", ":", ";", ",", "0", "5", "ffffffffffffffff", "18446744073709551615", "-",
        "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "HTTP/1.1 ", "100", "204", "\x7f",
        "0\r\n\r\n", "\x80", "\xff", "chunked", "Set-Cookie: a=b\r\n", "Location: /\r\n", "Content-Encoding: gzip\r\n",
    };
    uint64_t choice = next_random(random);
    size_t at = f->size ? choice / 8 % f->size : 0, length = choice >> 40 & 15;
    if (length > f->size - at) length = f->size - at;
    const char *piece = PIECES[(choice >> 48) % (sizeof PIECES / sizeof *PIECES)];
    const fuzz_input *other = &fuzz_seeds[(choice >> 48) % fuzz_seed_count];
    size_t from = other->size ? (choice >> 32) % other->size : 0;
    uint8_t byte = (uint8_t)(choice >> 56);
    switch (choice % 8) {
    case 0: fuzz_splice(f, at, length, &byte, 0); break;
    case 1: fuzz_splice(f, at, length ? 1 : 0, &byte, 1); break;
    case 2: fuzz_splice(f, at, 0, (const uint8_t *)piece, strlen(piece)); break;
    case 3: fuzz_splice(f, at, length, (const uint8_t *)piece, strlen(piece)); break;
    case 4: fuzz_splice(f, at, f->size - at, other->bytes + from, other->size - from); break;
    case 5: fuzz_splice(f, at, 0, other->bytes + from, other->size - from < 64 ? other->size - from : 64); break;
    default: if (f->size) f->bytes[at] ^= (uint8_t)(1u << (choice >> 60 & 7)); break;
    }
}

static void fuzz_one(uint64_t number)
{
    static char name[32];
    uint64_t random = number * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (int i = 0; i < 4; i++) next_random(&random);
    snprintf(name, sizeof name, "input %llu", (unsigned long long)number);
    check_context = name;
    fuzz_current = fuzz_seeds[next_random(&random) % fuzz_seed_count];
    for (uint64_t left = next_random(&random) % 6; left > 0; left--) fuzz_mutate(&fuzz_current, &random);
    uint8_t *exact = malloc(fuzz_current.size ? fuzz_current.size : 1);
    memcpy(exact, fuzz_current.bytes, fuzz_current.size);
    LLVMFuzzerTestOneInput(exact, fuzz_current.size);
    free(exact);
}

int main(int argc, char **argv)
{
    const char *first = getenv("FUZZ_FIRST");
    uint64_t start = first ? strtoull(first, NULL, 10) : 0, count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    for (int i = 2; i < argc; i++) fuzz_load(argv[i]);
    CHECK(count > 0 && fuzz_seed_count > 0, "usage: %s ITERATIONS CORPUS_FILE...", argv[0]);
    for (uint64_t i = start; i < start + count; i++) fuzz_one(i);
    printf("%llu inputs\n", (unsigned long long)count);
    return 0;
}

#endif
#endif
