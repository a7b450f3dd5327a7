/*
 * Child processes: started with their own user and environment, ended with their parent, and their log passed on.
 */
#ifndef CLI_REACH_CHILD_H
#define CLI_REACH_CHILD_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A user to be; .is_set false: stay who we are. */
struct process_user {
    bool is_set;
    uid_t uid;
    gid_t gid;
};

struct process_spec {
    const char *const *argv;        /* argv[0] is the program's path; NULL-terminated */
    const char *const *environment; /* "NAME=value" beside our own; NULL-terminated; NULL: none */
    struct process_user user;
    int end_signal; /* sent to it when its parent dies, and by process_end */
    int output;     /* a descriptor that becomes its standard output; -1: ours */
    int error;      /* the same of its standard error */
    bool is_deaf;   /* the end signal is blocked in it until it is ready to be ended */
};

/* Starts a child. Never after nng was used in this process: it does not survive a fork. Returns its pid, or -1. */
pid_t process_start(const struct process_spec *spec, struct status *status);

/* Waits for a child to end by itself. True where it exited with 0. */
bool process_wait(pid_t pid);

/* Sends the signal, and waits up to ms for its end: false where it has not ended then. It is not buried: process_end
 * has to follow. 0 and -1 are fine. */
bool process_stop(pid_t pid, int signal, uint32_t ms);

/* The same, then kills it where it has not ended, and buries it. */
void process_end(pid_t pid, int signal, uint32_t ms);

#endif
