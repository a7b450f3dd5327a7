#include "migration/plan/foresee/links.h"

/* An undo takes the newest ones away, and gives each relation back its last one, whose `next` may be one of them. */
void links_add(struct links *links, struct undo *undo, struct links_from *from, struct relation *to, enum sql_link kind)
{
    undo_remember(undo, &links->count, sizeof links->count);
    undo_remember(undo, &from->first, sizeof from->first);
    undo_remember(undo, &from->last, sizeof from->last);
    links->items = arena_grow(undo->arena, links->items, links->count, &links->capacity, sizeof *links->items);
    links->items[links->count++] = (struct link){.to = to, .kind = kind};
    if (from->first == 0) {
        from->first = links->count;
    } else {
        links->items[from->last - 1].next = links->count;
    }
    from->last = links->count;
}

const struct link *links_next(const struct links *links, const struct links_from *from, const struct link *before)
{
    const size_t number = before == NULL                                      ? from->first
                          : (size_t)(before - links->items) + 1 == from->last ? 0
                                                                              : before->next;
    return number == 0 ? NULL : &links->items[number - 1];
}
