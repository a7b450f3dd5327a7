/*
 * Is the transaction that a script is in read-only? Follows BEGIN READ ONLY, SET TRANSACTION READ ONLY and the settings
 * transaction_read_only and default_transaction_read_only in all their forms, statement by statement. What a function
 * sets is not seen.
 */
#ifndef MIGRATION_PLAN_FORESEE_READ_ONLY_H
#define MIGRATION_PLAN_FORESEE_READ_ONLY_H

#include "migration/plan/cut/step.h"
#include "migration/plan/foresee/world.h"
#include "sql/effects.h"

/* Start with {0} at the beginning of a migration. */
struct read_only {
    bool now;          /* the current transaction is read-only */
    bool later;        /* later transactions are read-only unless they say otherwise */
    bool is_in_block;  /* a transaction is open, the script's own or ours */
    bool is_recording; /* our row will be written at the end of the open transaction */
    bool is_told;      /* it was already reported for this step that the row cannot be written */
};

/* Call it at the beginning of a step. */
void read_only_step(struct read_only *state, const struct step *step);

/* Follows a statement. Returns why it cannot succeed, or why the migration's row cannot be written after it; NULL:
 * nothing known. world is NULL if relations may differ from what it knows. */
const char *read_only_takes(struct read_only *state, struct world *world, struct text statement,
                            const struct sql_effects *effects);

#endif
