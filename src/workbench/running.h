/*
 * The running queries, by the ids that their clients gave them, so that another request can cancel them.
 */
#ifndef WORKBENCH_RUNNING_H
#define WORKBENCH_RUNNING_H

#include <stdatomic.h>
#include <stdbool.h>

struct running;

/* A running query; lives with the code that runs it. */
struct running_query {
    struct running_query *next;
    const char *id;
    atomic_bool is_cancelled;
};

struct running *running_new(void);
void running_free(struct running *running);

/* Registers a query. The id is borrowed until running_leave; "": no id, it cannot be found. */
void running_enter(struct running *running, struct running_query *query, const char *id);
void running_leave(struct running *running, struct running_query *query);

/* Cancels all queries of an id, soon. Returns true if there was one. If there was none and `ahead` is true, one that
 * enters within ten seconds is cancelled at once: the cancel may have overtaken its query. */
bool running_cancel(struct running *running, const char *id, bool ahead);
void running_cancel_all(struct running *running);

#endif
