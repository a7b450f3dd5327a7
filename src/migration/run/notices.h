/*
 * NOTICE and WARNING of a script's statements: told as events, written to the log, and the warnings kept for the
 * result. Bounded: a loop that raises a million of them is told of a thousand times, and how many were left out is
 * said.
 */
#ifndef MIGRATION_RUN_NOTICES_H
#define MIGRATION_RUN_NOTICES_H

#include "migration/run/current.h"

/* What is being sent; lives until notices_end. */
struct hearing {
    struct run *run;
    const char *migration; /* NULL: of none */
    uint32_t step;
    uint32_t steps;
};

/* From now on what the server says on the run's session is heard. */
void notices_begin(struct hearing *hearing);

/* No more; says how many messages were left out. */
void notices_end(struct hearing *hearing);

#endif
