/*
 * NOTICEs and WARNINGs of a script's statements: reported as events, logged, and the warnings kept for the result.
 * Bounded: of a loop that raises a million, a thousand are reported, and the number of the others.
 */
#ifndef MIGRATION_RUN_NOTICES_H
#define MIGRATION_RUN_NOTICES_H

#include "migration/run/current.h"

/* What is being sent; must live until notices_end. */
struct hearing {
    struct run *run;
    const char *migration; /* NULL: none */
    uint32_t step;
    uint32_t steps;
};

/* Starts listening to the run's session. */
void notices_begin(struct hearing *hearing);

/* A warning of our own about a migration: reported as an event, and kept for the result. */
void run_warn(struct run *run, const char *migration, const char *text);

/* Stops listening, and reports how many messages were left out. */
void notices_end(struct hearing *hearing);

#endif
