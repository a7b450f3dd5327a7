/*
 * Failed logins by peer: how many there were of late, and how long the next answer takes because of them.
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
    int64_t last; /* clock_ms units */
};

struct attempts {
    pthread_mutex_t mutex;
    struct attempts_of hosts[ATTEMPT_HOSTS]; /* the one of longest ago makes room */
};

void attempts_start(struct attempts *attempts);
void attempts_end(struct attempts *attempts);

/* One more failed, at this time: gives its number of late, and after how many milliseconds it is told so. They are
 * forgotten ten minutes after the last. */
uint32_t attempts_add(struct attempts *attempts, const char *host, int64_t now, uint32_t *delay_ms);

#endif
