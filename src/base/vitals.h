/*
 * What the kernel reports about this process (memory, descriptors, time), and the start time of others. Read from
 * /proc, which takes microseconds.
 */
#ifndef BASE_VITALS_H
#define BASE_VITALS_H

#include <stdint.h>

/* Members are -1 if they cannot be read. */
struct vitals {
    int64_t resident_bytes;
    int64_t virtual_bytes;
    int64_t threads;
    int64_t open_fds;
    int64_t max_fds;
    double cpu_seconds;   /* user and system */
    double start_seconds; /* since 1970-01-01 UTC */
};

void vitals_read(struct vitals *vitals);

/* The start time of a process of this machine, in milliseconds since 1970-01-01 UTC; -1: it does not exist, or is not
 * visible. */
int64_t vitals_start_of(int64_t pid);

#endif
