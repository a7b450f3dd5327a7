/*
 * A migration's script, sent to the server together with its ledger row.
 */
#ifndef MIGRATION_RUN_SCRIPT_H
#define MIGRATION_RUN_SCRIPT_H

#include "migration/look/catalog.h"
#include "migration/plan/cut.h"
#include "migration/plan/steps.h"
#include "migration/run/send.h"

/* One migration on its way. */
struct script {
    struct run *run;
    const struct detection *detection;
    struct ledger_record record;
    struct text content; /* what is sent of it */
    struct plan plan;
    /* The ledger has its unfinished row, whose id is the record's: an earlier attempt was interrupted. These are its
     * steps, of which `done` are finished. */
    bool is_started;
    struct step_records steps;
    size_t done;
    const char *before; /* of the step that stands alone: leftovers_before() */
    bool has_yielded;   /* the framework's lock was let go */
};

/* Runs a planned script and records it. In one transaction with its row where the plan says so; else step by step, each
 * step's row in truss.migration_steps committing with it, the ledger's row begun with the first and finished with the
 * last. False where it failed; then the failure says why, the step is rolled back, and what is recorded is what
 * stays. */
bool script_run(struct script *script, struct failure *failure);

/* Writes down a failure between steps: the row is left unfinished with its log, or forgotten where nothing of the
 * migration stays. script_run does so itself; this is for a connection that was lost and found again. */
void script_record_failure(struct script *script, const struct failure *failure);

#endif
