#include "rpc/closing.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct closing {
    void (*close)(void *data);
    void *data;
};

static void *run(void *data)
{
    const struct closing closing = *(struct closing *)data;
    free(data);
    closing.close(closing.data);
    return NULL;
}

bool close_in_time(void (*close)(void *data), void *data, uint32_t ms)
{
    struct closing *const closing = memory_alloc(sizeof *closing);
    struct timespec until;
    pthread_t thread;
    *closing = (struct closing){close, data};
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms % 1000 * 1000000L;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (pthread_create(&thread, NULL, run, closing) != 0) {
        free(closing);
        return false;
    }
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        pthread_detach(thread);
        return false;
    }
    return true;
}
