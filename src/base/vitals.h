/*
 * What the kernel says of this process: memory, descriptors, time. Read from /proc, in microseconds.
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

#endif
