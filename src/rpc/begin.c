#include "rpc/begin.h"

#include <nng/nng.h>
#include <pthread.h>

#define STACK_SPACE ((size_t)1024 * 1024) /* they read an envelope and look at a login; work is done by lanes */

void rpc_begin(void)
{
    pthread_attr_t usual;
    pthread_attr_t small;
    nng_aio *first = NULL;
    pthread_attr_init(&small);
    if (pthread_getattr_default_np(&usual) != 0) {
        return;
    }
    pthread_attr_setstacksize(&small, STACK_SPACE);
    pthread_setattr_default_np(&small);
    if (nng_aio_alloc(&first, NULL, NULL) == 0) {
        nng_aio_free(first);
    }
    pthread_setattr_default_np(&usual);
    pthread_attr_destroy(&usual);
    pthread_attr_destroy(&small);
}
