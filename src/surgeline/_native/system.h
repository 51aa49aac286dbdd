/* The few system calls the poller needs, in the form it needs them. Linux. Knows nothing of Python. */
#ifndef SURGELINE_SYSTEM_H
#define SURGELINE_SYSTEM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The clock of asyncio and of time.monotonic_ns(). */
static inline int64_t sl_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Wait with a time-out in nanoseconds; below 0 is for ever. Through syscall(): the C library may be older than Linux
 * 5.11, and where the kernel is older too, the time-out is rounded up to milliseconds. */
static inline int sl_epoll_wait(int epoll_fd, struct epoll_event *events, int capacity, int64_t timeout_ns)
{
    if (timeout_ns <= 0) return epoll_wait(epoll_fd, events, capacity, timeout_ns < 0 ? -1 : 0);
#ifdef SYS_epoll_pwait2
    struct timespec ts = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    int count = (int)syscall(SYS_epoll_pwait2, epoll_fd, events, capacity, &ts, NULL, 0);
    if (count >= 0 || errno != ENOSYS) return count;
#endif
    int64_t timeout_ms = (timeout_ns + 999999) / 1000000;
    return epoll_wait(epoll_fd, events, capacity, timeout_ms > 3600000 ? 3600000 : (int)timeout_ms);
}

/* The kernel may by default wake a thread up to 50 us late; ask for 1 ns. */
static inline void sl_tighten_timer_slack(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

#endif
