/*
 * Queries under way, by the ids that their clients gave them, so that another request can end them.
 */
#ifndef WORKBENCH_RUNNING_H
#define WORKBENCH_RUNNING_H

#include <stdatomic.h>
#include <stdbool.h>

struct running;

/* One of them; it lives with whoever runs it. */
struct running_query {
    struct running_query *next;
    const char *id;
    atomic_bool is_cancelled;
};

struct running *running_new(void);
void running_free(struct running *running);

/* The id is borrowed until it leaves; "" is none, by which nobody finds it. */
void running_enter(struct running *running, struct running_query *query, const char *id);
void running_leave(struct running *running, struct running_query *query);

/* Ends all of an id, soon. True where there was one. Where there was none and `ahead` is said, one that enters within
 * ten seconds is ended at once: the cancel may have overtaken its query. */
bool running_cancel(struct running *running, const char *id, bool ahead);
void running_cancel_all(struct running *running);

#endif
