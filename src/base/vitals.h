/*
 * What the kernel says of this process: memory, descriptors, time; and when another one began. Read from /proc, in
 * microseconds.
 */
#ifndef BASE_VITALS_H
#define BASE_VITALS_H

#include <stdint.h>

/* Each is -1 where it cannot be read. */
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

/* When a process of this machine began, in milliseconds since 1970-01-01 UTC; -1: there is none, or it is not told. */
int64_t vitals_start_of(int64_t pid);

#endif
