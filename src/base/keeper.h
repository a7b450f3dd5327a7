/*
 * A program's keeper: a process of ours between us and a program that must not outlive us. It is the program's parent
 * and that of all who lose theirs, and ends them when it is told to, or when we are gone, however that came (kill -9).
 * While any of them lives it holds what it was given to hold.
 */
#ifndef BASE_KEEPER_H
#define BASE_KEEPER_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A program to be started. */
struct keeper_task {
    const char *const *argv;        /* argv[0] is its path; NULL-terminated */
    const char *const *environment; /* "NAME=value", all of it; NULL-terminated */
    const char *directory;          /* where it is started */
    int output;                     /* its standard output */
    int errors;                     /* a pipe for its error stream */
    int errors_end;                 /* the end that we read; nobody dies of writing into it when we are gone */
    int held;                       /* a file that is open in it and in all that it starts; 0: none */
    int end_signal;                 /* that asks its group to end */
    uint32_t grace_ms;              /* until all that is below the keeper is killed then */
};

struct keeper {
    pid_t pid;
    int control; /* a SOCK_SEQPACKET; at its end everything is ended */
};

/* What is sent through control: bytes to the keeper, words from it. */
#define KEEPER_END 'T' /* end the program, as the task says it, as if we were gone */

enum keeper_event {
    KEEPER_STARTED, /* value: the program's number */
    KEEPER_FAILED,  /* value: errno */
    KEEPER_ENDED,   /* value: as of waitpid; all that was to be ended is gone */
};

struct keeper_word {
    enum keeper_event event;
    int value;
};

/* Starts the program below a keeper, both its streams into the pipe `output`. The caller reads it, waits for the
 * keeper's end (waitpid) and closes control. False where there is no program now. Safe beside other threads. */
bool keeper_start(const struct keeper_task *task, struct keeper *keeper, struct status *status);

#endif
