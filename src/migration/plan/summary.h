/*
 * A plan in one sentence.
 */
#ifndef MIGRATION_PLAN_SUMMARY_H
#define MIGRATION_PLAN_SUMMARY_H

#include "migration/plan/preparation.h"

#include <stdbool.h>
#include <stdint.h>

struct extent {
    uint32_t transactions; /* all of these: */
    uint32_t alone;        /* statements outside of any transaction */
    uint32_t own;          /* parts of scripts that have their own transaction control */
    bool blocks_reads;
    bool blocks_writes;
    bool unknown; /* some statements may lock more than is known */
    bool loses_data;
};

/* How many migrations, in how many transactions, whom they block, and whether they lose data. In the arena. */
const char *summary_make(struct arena *arena, const struct preparation *preparation, const struct extent *extent);

#endif
