/* What the C tests share: a check that tells where and why, and a small generator of reproducible numbers. */
#ifndef SURGELINE_TEST_CHECK_H
#define SURGELINE_TEST_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *check_context = "";

#define CHECK(condition, ...)                                                                   \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            fprintf(stderr, "%s:%d: %s: %s: ", __FILE__, __LINE__, check_context, #condition);  \
            fprintf(stderr, __VA_ARGS__);                                                       \
            fputc('\n', stderr);                                                                \
            exit(1);                                                                            \
        }                                                                                       \
    } while (0)

static inline uint64_t next_random(uint64_t *state)      /* xorshift64: any state but 0 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
