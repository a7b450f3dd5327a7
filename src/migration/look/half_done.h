/*
 * Migrations that are half done: an earlier run has finished some of their steps and not the last one, or the project's
 * own tool was started for them and its end was not seen. Only our own table (truss.migration_steps) knows it of most
 * frameworks.
 */
#ifndef MIGRATION_LOOK_HALF_DONE_H
#define MIGRATION_LOOK_HALF_DONE_H

#include "migration/look/catalog.h"

struct half_done {
    const char *migration;
    const struct catalog_item *item; /* NULL: its file is not there, and the tracking table has no row of it */
    uint32_t finished;               /* steps */
    uint32_t steps;
    bool is_of_tool; /* the project's own tool was started for it; the two numbers are 0 */
};

struct half_done_list {
    struct half_done *items;
    size_t count;
};

/* Reads them into the request's arena, by name; without those that are recorded as applied meanwhile, and those whose
 * last attempt was another tool's. None if our table belongs to an untrusted role. */
bool half_done_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                    struct half_done_list *list);

/* What is true of it and what to do, as a sentence or more. */
const char *half_done_sentence(struct arena *arena, const struct half_done *one);

#endif
