/*
 * How a script is sent: as few transactions as it can be. The usual file is one transaction, unread; a file with
 * statements that cannot share one is cut with PostgreSQL's parser into the longest runs that can, with the others
 * alone between them. A script with its own BEGIN and COMMIT is respected: it is sent piece by piece as it is written.
 */
#ifndef MIGRATION_PLAN_CUT_H
#define MIGRATION_PLAN_CUT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Numbers as in the contract. */
enum step_kind {
    STEP_TRANSACTION = 1, /* runs inside a transaction of ours, with the ledger's row where it is the last */
    STEP_ALONE,           /* one statement, outside any transaction */
    STEP_OWN,             /* a piece of the script with its own BEGIN … COMMIT, sent as it is */
};

struct step {
    enum step_kind kind;
    size_t start; /* bytes of the script: [start, end) is what is sent */
    size_t end;
    const char *reason; /* why it ends here or stands apart; NULL where there is nothing to say */
    /* It may wait for a lock in a way that makes others queue behind it: it is tried under a short lock_timeout. */
    bool stalls;
    /* Of STEP_OWN: where its one COMMIT begins, so that a row of ours can commit with it; SIZE_MAX: it has none such.
     */
    size_t commit_at;
};

struct plan {
    struct step *steps;
    size_t count;
    /* True where the whole script is one transaction: the ledger's row commits with it. */
    bool one_transaction;
    /* Set where the script could not be cut although it may need it: it is sent whole, as the framework would, and this
     * says why. */
    const char *note;
};

/* Plans a script (UTF-8 without NUL). each_alone: every statement commits by itself, as the script's marker wants it.
 * Fails with FAILED_PRECONDITION for what can never run: COPY FROM STDIN, psql meta-commands (with the line and what to
 * do instead), a transaction that the script begins and never ends. An empty script has a plan of no steps. */
bool plan_build(struct arena *arena, struct text script, bool each_alone, struct plan *plan, struct status *status);

/* The statement of a script that the server complained about: by the error's position (1-based characters of the part
 * [start, end) that was sent; 0: none), else by the number of the statement in that part. *line and *column are of the
 * position, or of the statement's start, in the whole script. A long statement becomes an excerpt of at most 500
 * characters around the position. NULL where it cannot be told. */
const char *plan_failing_statement(struct arena *arena, struct text script, size_t start, size_t end, size_t position,
                                   size_t statement, struct position *where);

#endif
