#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "append.h"

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t taken = write(fd, data, size);
        if (taken < 0 && errno == EINTR) continue;
        if (taken <= 0) return taken < 0 ? errno : EIO;
        data += taken;
        size -= (size_t)taken;
    }
    return 0;
}

int sl_append(int fd, const char *data, size_t size)
{
    /* Where there are no locks, on some network file systems, O_APPEND alone has to do. */
    while (flock(fd, LOCK_EX) < 0 && errno == EINTR) {}
    off_t end = lseek(fd, 0, SEEK_END);                  /* a pipe has none */
    int error = write_all(fd, data, size);
    if (error && end >= 0) {
        while (ftruncate(fd, end) < 0 && errno == EINTR) {}
    }
    flock(fd, LOCK_UN);
    return error;
}
