#include "rpc/closing.h"

#include "base/arena.h"
#include "base/threads.h"

#include <stdlib.h>

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
    pthread_t thread;
    *closing = (struct closing){close, data};
    if (pthread_create(&thread, NULL, run, closing) != 0) {
        free(closing);
        return false;
    }
    if (!thread_join_in_time(thread, ms)) {
        pthread_detach(thread);
        return false;
    }
    return true;
}
