/*
 * One migration that is being run: its state, and what is recorded between its steps.
 */
#ifndef MIGRATION_RUN_ATTEMPT_H
#define MIGRATION_RUN_ATTEMPT_H

#include "migration/failure.h"
#include "migration/plan/plan.h"
#include "migration/record/transaction.h"
#include "migration/run/current.h"

/* Modes of our transactions after a script, whatever it has set for later ones. */
#define OWN_MODES "ISOLATION LEVEL READ COMMITTED, READ WRITE"

struct attempt {
    struct run *run;
    const struct detection *detection;
    struct ledger_record record;
    struct text content; /* what is sent */
    bool may_let_go;     /* it may release the session's locks */
    bool is_quiet;       /* its script leaves the session as it was (settled.h) */
    struct plan plan;
    bool finds_settled;            /* its message is for a session that is settled */
    struct query *composed;        /* one transaction: its message, made ahead (migrate_compose); NULL: not yet */
    struct pg_meanwhile meanwhile; /* work to do while the server works on it; see struct query */
    /* The ledger has the unfinished row with the record's id. It was written by this attempt, or by an interrupted one,
     * whose steps these are; `done` of them are finished. */
    bool is_started;
    struct step_records steps;
    size_t done;
    bool is_stepwise; /* takes several transactions, or steps outside one: each step has a row of ours */
    const char *who;  /* the session's users before its first step, in SQL; NULL: not queried */
    bool is_untried; /* an earlier run was interrupted in the current step, and this run has not begun it: its rows must
                        stay */
    bool has_done_step;     /* the failed step's statement is done, and only its row is missing */
    size_t unseen;          /* the number of the step that turned out to end transactions itself; 0: none */
    bool may_commit_late;   /* its commit need not be on disk before the next migration begins */
    bool commits_late;      /* and was sent so */
    bool left_nothing;      /* the failed step has committed nothing and is no longer marked as begun */
    const char *before;     /* the leftovers_before() of a step that stands alone */
    struct failure failure; /* why it failed; before that, which step it is at */
};

/* Is step i the last one, which finishes the migration? */
bool attempt_is_last(const struct attempt *attempt, size_t i);

const struct step *attempt_step(const struct attempt *attempt, size_t i);

/* The text of step i. */
struct text attempt_text(const struct attempt *attempt, size_t i);

/* Begins a transaction of this attempt, without content. */
struct transaction attempt_transaction(const struct attempt *attempt, enum transaction_frame frame);

/* Begins a transaction that finishes step i, with the rows for that: the step's row, or, with the last step, the
 * ledger's row and the deletion of the steps' rows. The caller adds the script. */
struct transaction attempt_done(const struct attempt *attempt, enum transaction_frame frame, size_t i);

/* For reads_alike of a transaction with step i of a plan: would its tool, or a later step, read the rest otherwise if
 * the step changes that unseen? */
const char *reading_of_step(const struct pg_session *session, const struct plan *plan, struct text content, size_t i);

/* The record of step i, in the run's arena. */
struct step_record *attempt_step_record(const struct attempt *attempt, size_t i);

/* Composes and sends statements of ours. Returns false and sets the attempt's failure if that fails. */
bool attempt_write(struct attempt *attempt, const struct transaction *transaction);

/* Makes the run's status the attempt's failure. Returns false. */
bool attempt_fail(struct attempt *attempt);

/* Records a failure: the ledger's row stays unfinished, with the error as its log, or is deleted if nothing of the
 * migration was committed. If that fails, only the original failure is reported. */
void attempt_record_failure(struct attempt *attempt);

#endif
