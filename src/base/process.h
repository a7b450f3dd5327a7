/*
 * Runs a program as a child: a fixed list of words without a shell, a complete environment, its output line by line,
 * and a guaranteed end of the program and everything that it has started. Does not know what it runs.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line that is passed on; the rest of a line is dropped. */
#define PROCESS_LINE_LIMIT ((size_t)64 * 1024)

struct process {
    const char *const *argv;        /* argv[0] is the program's path; NULL-terminated */
    const char *const *environment; /* the whole environment, "NAME=value"; NULL-terminated */
    const char *directory;          /* its working directory */
    int64_t deadline;               /* clock_ms: then it is ended */
    int held; /* a descriptor that stays open in it and its descendants, so that waiting for its end means waiting for
                 all of them; 0: none */
    /* Receives each line of its output (both streams as they come, any bytes), without "\n" and "\r". NULL: output is
     * dropped. */
    void (*line)(void *data, struct text line);
    /* Receives its standard output as it comes, all bytes; `line` then receives only standard error. Returning false
     * ends the program. NULL: both streams are lines. */
    bool (*bytes)(void *data, struct text piece);
    /* Called about twenty times a second, more often with much output; returning false ends the program. NULL: always
     * true. */
    bool (*go_on)(void *data);
    void *data;
    int end_signal;    /* asks it to end; 0: SIGTERM */
    uint32_t grace_ms; /* time until it is killed; 0: 5 s */
};

struct process_end {
    int code;       /* its exit code, or 128 plus the signal that ended it, as in shells */
    int signal;     /* the signal that ended it; 0: it exited */
    bool timed_out; /* ended at its deadline */
    bool stopped;   /* go_on or bytes returned false */
};

/* The path of another of our programs, in the directory where the running one was built or installed. */
const char *process_sibling(struct arena *arena, const char *name);

/* Runs it to its end. To end it, its process group gets end_signal and, after grace_ms, SIGKILL. When it ends, what is
 * left of its group is killed, and then descendants that had left the group. The same happens if our own process ends,
 * even by SIGKILL. Its standard input is empty, and of our descriptors it gets only `held`. Thread-safe. Returns false
 * if it could not be started. */
bool process_run(const struct process *process, struct process_end *end, struct status *status);

#endif
