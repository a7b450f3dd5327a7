/*
 * One migration on its way: what is known of it, and what is written down of it between its steps.
 */
#ifndef MIGRATION_RUN_ATTEMPT_H
#define MIGRATION_RUN_ATTEMPT_H

#include "migration/failure.h"
#include "migration/plan/plan.h"
#include "migration/record/transaction.h"
#include "migration/run/current.h"

/* Of a transaction of ours behind a script: whatever that has set for later ones. */
#define OWN_MODES "ISOLATION LEVEL READ COMMITTED, READ WRITE"

struct attempt {
    struct run *run;
    const struct detection *detection;
    struct ledger_record record;
    struct text content; /* what is sent of it */
    struct plan plan;
    /* The ledger has its unfinished row, whose id is the record's: begun by this attempt, or by one that was
     * interrupted, whose steps these are, of which `done` are finished. */
    bool is_started;
    struct step_records steps;
    size_t done;
    bool is_stepwise; /* in several transactions, or outside of one: each step leaves a row of ours */
    const char *who;  /* the session's users before its first step, in SQL; NULL: it was not asked */
    bool is_untried;  /* an earlier run was interrupted in the step, and this one has not begun it: nothing is forgotten
                       */
    size_t unseen;    /* number of the step that was found to end transactions itself; 0: none */
    bool may_commit_late;   /* it need not be on disk before the next begins … */
    bool commits_late;      /* … and was sent so */
    bool left_nothing;      /* the step that failed has committed nothing, and is not begun any more */
    const char *before;     /* of the step that stands alone: leftovers_before() */
    struct failure failure; /* why it failed; while it goes well: which step it is at */
};

/* Is it the last step, with which the migration is done? */
bool attempt_is_last(const struct attempt *attempt, size_t i);

const struct step *attempt_step(const struct attempt *attempt, size_t i);

/* What of the script a step is. */
struct text attempt_text(const struct attempt *attempt, size_t i);

/* A transaction of this attempt, with nothing in it yet. */
struct transaction attempt_transaction(const struct attempt *attempt, enum transaction_frame frame);

/* One in which step i is done, with the rows that say so: the step's, or with the last one the ledger's, while the
 * steps' rows go. The script is for the caller to add. */
struct transaction attempt_done(const struct attempt *attempt, enum transaction_frame frame, size_t i);

/* The row of a step, in the run's arena. */
struct step_record *attempt_step_record(const struct attempt *attempt, size_t i);

/* Composes and sends statements of ours. False where that failed, which is the attempt's failure then. */
bool attempt_write(struct attempt *attempt, const struct transaction *transaction);

/* Takes what the run's status says as the failure. Returns false. */
bool attempt_fail(struct attempt *attempt);

/* Writes a failure down: the ledger's row is left unfinished with its log, or forgotten where nothing of the migration
 * stays. Best effort: the failure itself is what is told. */
void attempt_record_failure(struct attempt *attempt);

#endif
