/* Appends to a file that several processes append to. Knows nothing of what is written. Linux. */
#ifndef SURGELINE_APPEND_H
#define SURGELINE_APPEND_H

#include <stddef.h>

/* Append all of it in one, whoever else does the same: under a lock, to a descriptor opened with O_APPEND. 0, or an
 * errno when it could not be written; then a file is as long as it was before. */
int sl_append(int fd, const char *data, size_t size);

#endif
