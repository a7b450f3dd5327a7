/*
 * Failed logins by peer: counts recent ones, and delays the answers to the next ones.
 */
#ifndef TRUST_ATTEMPTS_H
#define TRUST_ATTEMPTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTEMPT_HOSTS     256
#define ATTEMPT_HOST_SIZE 48

struct attempts_of {
    char host[ATTEMPT_HOST_SIZE]; /* "": free */
    uint32_t count;
    int64_t last; /* clock_ms */
};

struct attempts {
    pthread_mutex_t mutex;
    struct attempts_of hosts[ATTEMPT_HOSTS]; /* the least recent one is replaced */
};

void attempts_start(struct attempts *attempts);
void attempts_end(struct attempts *attempts);

/* Counts a failed login at the time `now`; returns the number of recent ones and, in *delay_ms, how long to delay the
 * answer. They are forgotten ten minutes after the last one. */
uint32_t attempts_add(struct attempts *attempts, const char *host, int64_t now, uint32_t *delay_ms);

#endif
