/*
 * How a script is sent: as few transactions as it can be, and never so that it means something else than under its own
 * framework. The usual file is one transaction, unread; a file with statements that cannot share one is cut with
 * PostgreSQL's parser into the longest runs that can, with the others alone between them. Where a script ends a
 * transaction itself, ours end there, too. What a cut of ours would lose is made again behind it, or the file is
 * refused (hold.h).
 */
#ifndef MIGRATION_PLAN_CUT_H
#define MIGRATION_PLAN_CUT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "framework/core/framework.h"

#include <stdbool.h>
#include <stddef.h>

/* Numbers as in the contract. */
enum step_kind {
    STEP_TRANSACTION = 1, /* runs inside a transaction of ours, with the ledger's row where it is the last */
    STEP_ALONE,           /* one statement, outside any transaction */
    STEP_OWN,             /* a piece that ends its transactions itself, sent as it is */
};

struct step {
    enum step_kind kind;
    size_t start; /* bytes of the script: [start, end) is what is sent */
    size_t end;
    const char *reason; /* why it ends here or stands apart; NULL where there is nothing to say */
    /* It may wait for a lock in a way that makes others queue behind it: it is tried under a short lock_timeout. */
    bool stalls;
    /* Of STEP_TRANSACTION: the modes that our BEGIN must have, because the script's own words for it (which stay where
     * they are) come behind statements of ours: "ISOLATION LEVEL SERIALIZABLE". NULL: none. */
    const char *modes;
    /* Statements, each with its semicolon, that make again what a cut has ended: in front of its part, inside the same
     * transaction. Of the other kinds a query of its own before it; `restore` is one behind it, which removes the
     * traces. NULL: nothing. */
    const char *carry;
    const char *restore;
    /* Settings of the session that it leaves when it is done, as statements: for another session that goes on behind
     * it. NULL: none. */
    const char *settings;
    /* What it leaves in its session that no other can have ("a temporary object"), and where it begins: nobody can go
     * on behind it in another session. NULL: nothing. */
    const char *session_bound;
    size_t session_bound_at;
    /* Of STEP_TRANSACTION, where its own tool sends this statement outside of any: whether it ends transactions cannot
     * be known (CALL). Where the server says that it does (2D000), nothing of it has stayed, and it is sent as a
     * STEP_OWN. */
    bool may_commit;
    /* Of STEP_TRANSACTION: the script's own transaction would go on behind it. */
    bool is_cut;
    /* Of STEP_OWN: it leaves nothing in the database, whatever became of it (ROLLBACK). */
    bool leaves_nothing;
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

struct plan_options {
    enum script_sending sent; /* how its own tool sends this script */
    bool is_wish;             /* … because its marker says so */
    bool backslashes;         /* the server's standard_conforming_strings is off */
};

/* Plans a script (UTF-8 without NUL). Fails with FAILED_PRECONDITION and the line for what can never run (COPY FROM
 * STDIN, psql meta-commands, a quote that is never closed, a BEGIN that nobody ends) and for what a cut would change.
 * An empty script has a plan of no steps. */
bool plan_build(struct arena *arena, struct text script, const struct plan_options *options, struct plan *plan,
                struct status *status);

/* The settings that the first `count` steps leave in their session, as statements; "" where they leave none. */
const char *plan_settings(struct arena *arena, const struct plan *plan, size_t count);

/* A copy of a plan in another arena. */
struct plan plan_copy(struct arena *arena, const struct plan *plan);

/* The statement of a script that the server complained about: by the error's position (1-based characters of the part
 * [start, end) that was sent; 0: none), else by the number of the statement in that part. *line and *column are of the
 * position, or of the statement's start, in the whole script. A long statement becomes an excerpt of at most 500
 * characters around the position. NULL where it cannot be told. */
const char *plan_failing_statement(struct arena *arena, struct text script, size_t start, size_t end, size_t position,
                                   size_t statement, struct position *where);

#endif
