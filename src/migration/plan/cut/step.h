/*
 * What a plan is made of. cut.h makes one of a script; a run does its steps.
 */
#ifndef MIGRATION_PLAN_CUT_STEP_H
#define MIGRATION_PLAN_CUT_STEP_H

#include "framework/core/framework.h"
#include "sql/changes.h"
#include "sql/hidden.h"
#include "sql/plpgsql.h"
#include "sql/targets.h"

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
    const char *carried; /* the script's own statements of these, for a person; NULL: none */
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
    /* Of STEP_OWN: it leaves nothing in the database, whatever became of it (ROLLBACK, READ ONLY). */
    bool leaves_nothing;
    bool is_undone; /* … because it ends by ROLLBACK */
};

struct plan {
    struct step *steps;
    size_t count;
    /* True where the whole script is one transaction: the ledger's row commits with it. */
    bool one_transaction;
    /* Its tool sends a statement of it by itself, in a transaction of its own: what the server does at COMMIT decides
     * which of these may share one. */
    bool is_sent_apart;
    struct script_parts parts; /* of the script */
    /* Set where the script could not be cut although it may need it: it is sent whole, as the framework would, and this
     * says why. */
    const char *note;
};

struct plan_options {
    enum script_sending sent;            /* how its own tool sends this script */
    bool is_wish;                        /* … because its marker says so */
    const struct procedures *procedures; /* of the database, that end transactions; NULL: not asked for */
    const struct deferred *deferred;     /* tables of which the server does something at COMMIT; NULL: not asked for */
    const struct hidden *hidden;         /* what functions leave in who calls them; NULL: not asked for */
    const struct targets *targets;       /* what is partitioned, what has no slot; NULL: not asked for */
    struct script_parts parts;           /* of the script; borrowed by the plan */
    const char *user;                    /* who logs in and where, as the server says it; NULL: not asked for */
    const char *database;
    bool backslashes; /* the server's standard_conforming_strings is off */
};

#endif
