/*
 * Whether the transaction that a script is in may write: BEGIN READ ONLY, SET TRANSACTION READ ONLY, and the settings
 * transaction_read_only and default_transaction_read_only, however they are written. Followed from statement to
 * statement; what a function sets is not seen.
 */
#ifndef MIGRATION_PLAN_FORESEE_READ_ONLY_H
#define MIGRATION_PLAN_FORESEE_READ_ONLY_H

#include "migration/plan/cut/step.h"
#include "migration/plan/foresee/world.h"
#include "sql/effects.h"

/* {0} at the beginning of a migration. */
struct read_only {
    bool now;          /* the transaction may only read */
    bool later;        /* those that begin from here on may only read, unless they say otherwise */
    bool is_in_block;  /* the script's own transaction, or ours, is open */
    bool is_recording; /* a row of ours ends the transaction that is open */
    bool is_told;      /* it was said of this step that the row cannot be written */
};

/* A step begins. */
void read_only_step(struct read_only *state, const struct step *step);

/* Takes the statement. Why it cannot succeed, or keeps the migration's row from being written; NULL: it can. world:
 * NULL where relations may not be any more what it knows of them. */
const char *read_only_takes(struct read_only *state, struct world *world, struct text statement,
                            const struct sql_effects *effects);

#endif
