/*
 * Does a directory answer at all? A look into the file system of a server that is gone does not fail: it never returns,
 * and nothing can end who makes it, not even SIGKILL (fuse: once the server has taken the request). So such a look is
 * made by a child process, which can be left behind.
 */
#ifndef BASE_ANSWERING_H
#define BASE_ANSWERING_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Looks at the directory, and at the file systems that are mounted above and below it; waits at most some seconds, and
 * not until the deadline (clock_ms). Fails with UNAVAILABLE if one of them does not answer, or if the directory gives
 * an error of its file system (not: that it is absent or may not be entered). As long as a look goes on no other one at
 * this directory is begun, and those who ask are told so at once. Costs next to nothing where no file system is mounted
 * that can hang (base/mounts.h). Any thread. */
bool directory_answers(const char *path, int64_t deadline, struct status *status);

#endif
