/*
 * What the answers to equal requests share lives as long as the last of them.
 */
#include "bridge/http.h"

#include <stdatomic.h>
#include <stdlib.h>

struct http_shared {
    atomic_size_t users;
    struct arena *arena; /* only for the code that makes the answers */
};

struct http_shared *http_shared_new(void)
{
    struct http_shared *const shared = memory_alloc(sizeof *shared);
    atomic_init(&shared->users, 1);
    shared->arena = arena_new(0);
    return shared;
}

struct arena *http_shared_arena(const struct http_shared *shared)
{
    return shared->arena;
}

void http_shared_leave(struct http_shared *shared)
{
    if (shared != NULL && atomic_fetch_sub(&shared->users, 1) == 1) {
        arena_free(shared->arena);
        free(shared);
    }
}

void http_share(struct http_request *request, struct http_shared *shared)
{
    atomic_fetch_add(&shared->users, 1);
    request->shared = shared;
}
