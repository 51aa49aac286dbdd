/* So many allocations succeed, and no more: included before the core's files, it stands between them and libc. */
#ifndef SURGELINE_TEST_LIMITED_MEMORY_H
#define SURGELINE_TEST_LIMITED_MEMORY_H

#include <stdlib.h>

#include "check.h"

static long allocations_left;

static inline void *limited_realloc(void *memory, size_t size)
{
    return allocations_left-- > 0 ? realloc(memory, size) : NULL;
}

static inline void *limited_calloc(size_t count, size_t size)
{
    return allocations_left-- > 0 ? calloc(count, size) : NULL;
}

#define realloc limited_realloc
#define calloc limited_calloc

#endif
