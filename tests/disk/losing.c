/* Preloaded into a process of the tests: keeps what of the files named like NAME would be there after a loss of power.
 *
 * OCTOPLAN_TEST_POWER=FOLDER:NAME; whenever a file is synced, FOLDER gets a copy. What was never synced is not in it.
 * A NAME that no file has is a disk that says that it has synced, and has not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void keep(int file) {
    char folder[2048], name[128], link[64], path[4096], copy[4096], whole[4096], bytes[65536];
    const char *order = getenv("OCTOPLAN_TEST_POWER");
    if (order == NULL || sscanf(order, "%2047[^:]:%127s", folder, name) != 2) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (strstr(path, name) == NULL) return;
    snprintf(whole, sizeof whole, "%s/%s", folder, strrchr(path, '/') + 1);
    snprintf(copy, sizeof copy, "%s/half-%d", folder, gettid());
    int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0) return;
    /* Read by the descriptor at hand: closing another one of the same file would let go of the locks on it. */
    for (off64_t at = 0; (length = pread64(file, bytes, sizeof bytes, at)) > 0; at += length)
        if (write(to, bytes, length) != length) abort();
    close(to);
    rename(copy, whole);
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    int done = real(file);
    if (done == 0) keep(file);
    return done;
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    int done = real(file);
    if (done == 0) keep(file);
    return done;
}
