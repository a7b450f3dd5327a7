/*
 * A list of the running calls, each with those that wait for the next.
 */
#include "bridge/share.h"

#include "base/text.h"

#include <string.h>

bool share_fits(const struct passage *passage)
{
    return (passage->route->flags & (ROUTE_SAFE | ROUTE_STREAM)) == ROUTE_SAFE &&
           strcmp(passage->route->method, "GET") == 0 && !passage->options.is_poll &&
           passage->options.idempotency_key == NULL;
}

static void set_key(struct passage *passage)
{
    const size_t size = protobuf_c_message_get_packed_size(passage->input);
    uint8_t *const bytes = arena_alloc(passage->http->arena, size + 1);
    passage->key = (struct text){(const char *)bytes, protobuf_c_message_pack(passage->input, bytes)};
}

static bool is_equal(const struct passage *a, const struct passage *b)
{
    return a->route == b->route && text_equal(a->key, b->key) &&
           text_equal(text_of(a->options.authorization), text_of(b->options.authorization));
}

bool share_join(struct passage *passage)
{
    struct bridge *const bridge = passage->bridge;
    set_key(passage);
    pthread_mutex_lock(&bridge->sharing);
    struct passage *leader = bridge->under_way;
    while (leader != NULL && !is_equal(leader, passage)) {
        leader = leader->next;
    }
    struct passage **const list = leader == NULL ? &bridge->under_way : &leader->waiting;
    passage->next = *list;
    *list = passage;
    pthread_mutex_unlock(&bridge->sharing);
    return leader != NULL;
}

struct passage *share_end(struct passage *passage, struct passage **then)
{
    struct bridge *const bridge = passage->bridge;
    pthread_mutex_lock(&bridge->sharing);
    struct passage **link = &bridge->under_way;
    while (*link != passage) {
        link = &(*link)->next;
    }
    *link = passage->next;
    *then = passage->waiting;
    if (*then != NULL) {
        (*then)->companions = (*then)->next;
        (*then)->next = bridge->under_way;
        bridge->under_way = *then;
    }
    pthread_mutex_unlock(&bridge->sharing);
    return passage->companions;
}
