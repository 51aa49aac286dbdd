/* Bytes as they are sent, zeros among them. */
#ifndef SURGELINE_TEST_WIRE_H
#define SURGELINE_TEST_WIRE_H

#include <stddef.h>

#include "check.h"

typedef struct {
    const char *bytes;
    size_t size;
} wire;

#define B(literal) {literal, sizeof literal - 1}

#endif
