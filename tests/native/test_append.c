#define _GNU_SOURCE
#include "append.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { WRITERS = 4, WRITES = 50, LINES = 2000, LINE = 16 };

static char path[] = "/tmp/sl_append_XXXXXX";

static int open_again(void)
{
    int fd = open(path, O_WRONLY | O_APPEND);
    CHECK(fd >= 0, "%s", path);
    return fd;
}

static void write_blocks(int number)
{
    static char block[LINES * LINE];
    int fd = open_again();
    for (int i = 0; i < WRITES; i++) {
        for (int line = 0; line < LINES; line++) sprintf(block + line * LINE, "%d %5d %6d ", number, i, line);
        for (int line = 0; line < LINES; line++) block[line * LINE + LINE - 1] = '\n';
        CHECK(sl_append(fd, block, sizeof block) == 0, "%d", errno);
    }
    close(fd);
}

/* Blocks of several processes stand whole, one after the other. */
static void test_several_processes(void)
{
    int status, writer, write_number, line;
    for (int i = 0; i < WRITERS; i++) {
        pid_t child = fork();
        if (child == 0) {
            write_blocks(i);
            _exit(0);
        }
    }
    for (int i = 0; i < WRITERS; i++) CHECK(wait(&status) > 0 && status == 0, "%d", status);
    FILE *file = fopen(path, "r");
    for (int block = 0; block < WRITERS * WRITES; block++) {
        int first_writer = 0, first_write = 0;
        for (int i = 0; i < LINES; i++) {
            int found = fscanf(file, "%d %d %d\n", &writer, &write_number, &line);
            CHECK(found == 3 && line == i, "block %d: %d", block, i);
            if (i == 0) first_writer = writer, first_write = write_number;
            CHECK(writer == first_writer && write_number == first_write, "block %d: %d", block, i);
        }
    }
    CHECK(fgetc(file) == EOF, "more than was written");
    fclose(file);
}

/* Where the file cannot grow, nothing of a block stays. */
static void test_full(void)
{
    static char block[3000];
    CHECK(truncate(path, 0) == 0, "%d", errno);
    struct rlimit limit = {7000, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0, "%d", errno);
    int fd = open_again();
    CHECK(sl_append(fd, block, sizeof block) == 0 && sl_append(fd, block, sizeof block) == 0, "%d", errno);
    CHECK(sl_append(fd, block, sizeof block) == EFBIG, "%d", errno);
    CHECK(lseek(fd, 0, SEEK_END) == 2 * (off_t)sizeof block, "%lld", (long long)lseek(fd, 0, SEEK_END));
    CHECK(sl_append(fd, block, 1000) == 0, "what fits is taken again");
    close(fd);
}

static void test_closed_pipe(void)
{
    int ends[2];
    char text[8] = "";
    signal(SIGPIPE, SIG_IGN);
    CHECK(pipe(ends) == 0, "%d", errno);
    CHECK(sl_append(ends[1], "line\n", 5) == 0 && read(ends[0], text, 5) == 5, "%s", text);
    CHECK(strcmp(text, "line\n") == 0, "%s", text);
    close(ends[0]);
    CHECK(sl_append(ends[1], "line\n", 5) == EPIPE, "%d", errno);
    close(ends[1]);
    CHECK(sl_append(ends[1], "line\n", 5) == EBADF, "%d", errno);
}

int main(void)
{
    int fd = mkstemp(path);
    CHECK(fd >= 0, "%s", path);
    close(fd);
    test_several_processes();
    test_full();
    test_closed_pipe();
    unlink(path);
    return 0;
}
