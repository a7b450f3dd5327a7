/*
 * A program as a child: a fixed list of words and no shell, an environment that is given whole, its output line by
 * line, an end in time for it and all that it has started. It knows nothing of what it runs.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line that is handed on; what is behind it is thrown away. */
#define PROCESS_LINE_LIMIT ((size_t)64 * 1024)

struct process {
    const char *const *argv;        /* argv[0] is the program's path; NULL-terminated */
    const char *const *environment; /* "NAME=value", all of it; NULL-terminated */
    const char *directory;          /* where it is started */
    int64_t deadline;               /* clock_ms: then it is ended */
    int held; /* a file that is open in it and in all that it starts, so that who waits for its end waits for all of
               * them; 0: none */
    /* Each line of its output, both streams as they come, any bytes, without "\n" and "\r". NULL: thrown away. */
    void (*line)(void *data, struct text line);
    /* Its standard output as it comes, any bytes, whole; `line` has the other stream alone then. False ends it. NULL:
     * both are lines. */
    bool (*bytes)(void *data, struct text piece);
    /* Asked some twenty times a second, more often while much comes: false ends it. NULL: always true. */
    bool (*go_on)(void *data);
    void *data;
    int end_signal;    /* that asks it to end; 0: SIGTERM */
    uint32_t grace_ms; /* until it is killed then; 0: 5 s */
};

struct process_end {
    int code;       /* what it exited with, or 128 and the signal that ended it, as shells say it */
    int signal;     /* that ended it; 0: it exited */
    bool timed_out; /* ended at its deadline */
    bool stopped;   /* ended because go_on or bytes said so */
};

/* The path of a program beside the one that runs, where that was built or installed. */
const char *process_sibling(struct arena *arena, const char *name);

/* Runs it to its end. Where it is to be ended SIGTERM, and 5 s later SIGKILL, go to its whole group; what
 * it has left behind of that when it ends is killed, and then also what had left the group. The same happens where our
 * own process ends, even by SIGKILL. Its input is empty, and no file of ours but `held` is open in it. Safe beside
 * other threads. False where it could not be started. */
bool process_run(const struct process *process, struct process_end *end, struct status *status);

#endif
