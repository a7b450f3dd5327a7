#include "base/shared_bytes.h"

#include <stdatomic.h>
#include <stdlib.h>

struct shared_bytes {
    atomic_size_t holders;
    struct arena *arena;
    struct text bytes;
};

struct shared_bytes *shared_bytes_in(struct arena *arena, struct text bytes)
{
    struct shared_bytes *const shared = memory_alloc(sizeof *shared);
    *shared = (struct shared_bytes){.holders = 1, .arena = arena, .bytes = bytes};
    return shared;
}

struct shared_bytes *shared_bytes_copy(struct text bytes)
{
    struct arena *const arena = arena_new(0);
    return shared_bytes_in(arena, (struct text){arena_strndup(arena, bytes.data, bytes.size), bytes.size});
}

struct shared_bytes *shared_bytes_hold(struct shared_bytes *shared)
{
    atomic_fetch_add(&shared->holders, 1);
    return shared;
}

void shared_bytes_let_go(struct shared_bytes *shared)
{
    if (shared != NULL && atomic_fetch_sub(&shared->holders, 1) == 1) {
        arena_free(shared->arena);
        free(shared);
    }
}

struct text shared_bytes_text(const struct shared_bytes *shared)
{
    return shared == NULL ? (struct text){0} : shared->bytes;
}
