/* Bytes that grow at their end. Knows nothing of what they mean. */
#ifndef SURGELINE_BUFFER_H
#define SURGELINE_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SL_BUFFER_FIRST = 1024 };

typedef struct {
    uint8_t *data;
    size_t size, capacity;
} sl_buffer;

static inline int sl_buffer_resize(sl_buffer *b, size_t capacity)
{
    uint8_t *data = realloc(b->data, capacity);
    if (data == NULL) return -1;
    b->data = data;
    b->capacity = capacity;
    return 0;
}

/* Make room for so many bytes more; 0, or -1 when memory ran out. */
static inline int sl_buffer_reserve(sl_buffer *b, size_t size)
{
    if (size <= b->capacity - b->size) return 0;
    size_t capacity = b->capacity ? b->capacity : SL_BUFFER_FIRST;
    while (capacity - b->size < size && capacity <= SIZE_MAX / 2) capacity *= 2;
    return capacity - b->size < size ? -1 : sl_buffer_resize(b, capacity);
}

static inline int sl_buffer_append(sl_buffer *b, const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    if (sl_buffer_reserve(b, size) < 0) return -1;
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return 0;
}

static inline void sl_buffer_free(sl_buffer *b)
{
    free(b->data);
    *b = (sl_buffer){0};
}

/* Forget the first bytes. */
static inline void sl_buffer_drop(sl_buffer *b, size_t size)
{
    b->size -= size;
    if (b->size) memmove(b->data, b->data + size, b->size);
}

/* Forget the bytes; memory above `kept` is given back. */
static inline void sl_buffer_empty(sl_buffer *b, size_t kept)
{
    b->size = 0;
    if (b->capacity > kept) sl_buffer_free(b);
}

#endif
