/*
 * A program as a child: a fixed list of words and no shell, an environment that is given whole, its output line by
 * line, an end in time for it and all that it has started.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process {
    const char *const *argv;        /* argv[0] is the program's path; NULL-terminated */
    const char *const *environment; /* "NAME=value", all of it; NULL-terminated */
    const char *directory;          /* where it is started */
    int64_t deadline;               /* clock_ms: then it is ended */
    /* Each line of its output (both streams), without its ending; lines over 8 kB come in pieces. NULL: thrown away. */
    void (*line)(void *data, struct text line);
    /* Asked about ten times a second: false ends it. NULL: always true. */
    bool (*go_on)(void *data);
    void *data;
};

struct process_end {
    int code;       /* what it exited with, or 128 and the signal that ended it */
    bool timed_out; /* ended at its deadline */
    bool stopped;   /* ended because go_on said so */
};

/* Runs it to its end. SIGTERM, and 5 s later SIGKILL, go to its whole group; what is left of that when it ends is
 * killed. After 1 MB of output no more lines are handed on. Safe beside other threads. False where it could not be
 * started. */
bool process_run(const struct process *process, struct process_end *end, struct status *status);

#endif
