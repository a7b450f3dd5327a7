/*
 * Child processes: started with another user and environment, ended with their parent; their log is passed on.
 */
#ifndef CLI_REACH_CHILD_H
#define CLI_REACH_CHILD_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The user to become; .is_set false: stay the same. */
struct process_user {
    bool is_set;
    uid_t uid;
    gid_t gid;
};

struct process_spec {
    const char *const *argv;        /* argv[0] is the program's path; NULL-terminated */
    const char *const *environment; /* "NAME=value" in addition to our own; NULL-terminated; NULL: none */
    struct process_user user;
    int end_signal; /* sent to it when its parent dies, and by process_end */
    int output;     /* becomes its standard output; -1: ours */
    int error;      /* becomes its standard error; -1: ours */
    bool is_deaf;   /* it blocks the end signal until it can handle it */
};

/* Starts a child. Not after nng was used in this process, since nng does not survive a fork. Returns its pid, or -1. */
pid_t process_start(const struct process_spec *spec, struct status *status);

/* Waits for a child to end by itself. Returns true if it exited with 0. */
bool process_wait(pid_t pid);

/* Sends the signal and waits up to `ms` for the child's end; false if it has not ended. Does not reap it: call
 * process_end. Pids 0 and -1 are fine. */
bool process_stop(pid_t pid, int signal, uint32_t ms);

/* The same, then kills the child if it has not ended, and reaps it. */
void process_end(pid_t pid, int signal, uint32_t ms);

#endif
