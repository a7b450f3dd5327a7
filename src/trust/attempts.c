/*
 * A short table that is searched from the start: the answer to a failed login is delayed anyway.
 */
#include "trust/attempts.h"

#include <stdio.h>
#include <string.h>

#define FORGOTTEN_MS 600000
#define SHORTEST_MS  100
#define MOST_DOUBLED 5 /* to 3.2 s */

void attempts_start(struct attempts *attempts)
{
    memset(attempts, 0, sizeof *attempts);
    pthread_mutex_init(&attempts->mutex, NULL);
}

void attempts_end(struct attempts *attempts)
{
    pthread_mutex_destroy(&attempts->mutex);
}

/* The row of this host, or the one that is replaced for it. */
static struct attempts_of *row_of(struct attempts *attempts, const char *host)
{
    struct attempts_of *oldest = &attempts->hosts[0];
    for (size_t i = 0; i < ATTEMPT_HOSTS; i++) {
        struct attempts_of *const one = &attempts->hosts[i];
        if (strncmp(one->host, host, ATTEMPT_HOST_SIZE - 1) == 0) {
            return one;
        }
        const bool is_free = one->host[0] == '\0';
        if (oldest->host[0] != '\0' && (is_free || one->last < oldest->last)) {
            oldest = one;
        }
    }
    snprintf(oldest->host, sizeof oldest->host, "%s", host);
    oldest->count = 0;
    return oldest;
}

uint32_t attempts_add(struct attempts *attempts, const char *host, int64_t now, uint32_t *delay_ms)
{
    pthread_mutex_lock(&attempts->mutex);
    struct attempts_of *const one = row_of(attempts, host);
    one->count = now - one->last > FORGOTTEN_MS ? 1 : one->count + 1;
    one->last = now;
    const uint32_t count = one->count;
    pthread_mutex_unlock(&attempts->mutex);
    *delay_ms = (uint32_t)SHORTEST_MS << (count - 1 < MOST_DOUBLED ? count - 1 : MOST_DOUBLED);
    return count;
}
