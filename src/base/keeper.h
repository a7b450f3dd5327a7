/*
 * A keeper: a process of ours between us and a program that must not outlive us. It is the parent of the program and
 * adopts its orphaned descendants. It kills them all when told to, or when our process ends in any way (kill -9). As
 * long as one of them lives it keeps `held` open.
 */
#ifndef BASE_KEEPER_H
#define BASE_KEEPER_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A program to start. */
struct keeper_task {
    const char *const *argv;        /* argv[0] is its path; NULL-terminated */
    const char *const *environment; /* the whole environment, "NAME=value"; NULL-terminated */
    const char *directory;          /* its working directory */
    int output;                     /* its standard output */
    int errors;                     /* a pipe for its standard error */
    int errors_end; /* our end of that pipe; stays open in the keeper, so that writing does not kill anyone when we are
                       gone */
    int held;       /* a descriptor that stays open in it and its descendants; 0: none */
    int end_signal; /* asks its process group to end */
    uint32_t grace_ms; /* then everything below the keeper is killed */
};

struct keeper {
    pid_t pid;
    int control; /* a SOCK_SEQPACKET; closing it ends everything */
};

/* Messages on `control`: bytes to the keeper, words from it. */
#define KEEPER_END 'T' /* end the program as the task says, as if we were gone */

enum keeper_event {
    KEEPER_STARTED, /* value: the program's pid */
    KEEPER_FAILED,  /* value: errno */
    KEEPER_ENDED,   /* value: as from waitpid; everything that had to be killed is gone */
};

struct keeper_word {
    enum keeper_event event;
    int value;
};

/* Starts the program under a keeper, with both its output streams as the task says. The caller reads them, waits for
 * the keeper (waitpid) and closes control. Returns false if nothing is running. Thread-safe. */
bool keeper_start(const struct keeper_task *task, struct keeper *keeper, struct status *status);

#endif
