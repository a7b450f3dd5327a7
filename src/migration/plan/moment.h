/*
 * A plan held against the server as it is now: who has the locks that it needs, which rights the role lacks, whether
 * the server takes writes at all.
 */
#ifndef MIGRATION_PLAN_MOMENT_H
#define MIGRATION_PLAN_MOMENT_H

#include "migration/plan/view.h"

#define MOST_WARNINGS 32

/* Sentences about what would go wrong. */
struct warnings {
    const char *items[MOST_WARNINGS];
    size_t count;
};

/* Adds one; NULL is none, and what is said already is not said again. */
void warnings_add(struct warnings *warnings, const char *warning);

/* Adds what a run would fail at or wait for. What cannot be asked is a warning of its own: not known is not safe. */
void moment_check(const struct request *request, struct pg_session *session, const struct preparation *preparation,
                  const struct explanation *explanation, struct warnings *warnings);

#endif
