/*
 * What a plan consists of. cut.h makes a plan of a script; a run executes its steps.
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

/* Values as in the protocol. */
enum step_kind {
    STEP_TRANSACTION = 1, /* inside a transaction of ours; if it is the last one, with the ledger's row */
    STEP_ALONE,           /* one statement, outside any transaction */
    STEP_OWN,             /* a piece that ends its transactions itself, sent unchanged */
};

struct step {
    enum step_kind kind;
    size_t start; /* the bytes of the script that are sent: [start, end) */
    size_t end;
    const char *reason; /* why it ends here or stands apart; NULL: nothing to say */
    /* It may wait for a lock while others queue behind it, so it is tried under a short lock_timeout. */
    bool stalls;
    /* STEP_TRANSACTION: modes for our BEGIN ("ISOLATION LEVEL SERIALIZABLE"), because the script's own words for them,
     * which stay in place, come too late after statements of ours. NULL: none. */
    const char *modes;
    /* Statements, each with its semicolon, that restore what a cut has ended. In a STEP_TRANSACTION they run before the
     * script's part, in the same transaction; otherwise they are a query of their own before the step, and `restore` is
     * one after it that removes their traces. NULL: nothing. */
    const char *carry;
    const char *restore;
    const char *carried; /* those of these statements that are the script's own, for people; NULL: none */
    /* Session settings that the step leaves, as statements, for another session that continues after it. NULL: none. */
    const char *settings;
    /* What the step leaves in its session and no other session can have ("a temporary object"), and its offset: no
     * other session can continue after it. NULL: nothing. */
    const char *session_bound;
    size_t session_bound_at;
    /* STEP_TRANSACTION whose own tool sends the statement outside a transaction: it is not known whether it ends
     * transactions (CALL). If the server reports that it does (2D000), it was rolled back entirely, and is sent again
     * as a STEP_OWN. */
    bool may_commit;
    /* STEP_TRANSACTION: the script's own transaction would continue after it. */
    bool is_cut;
    /* STEP_OWN: it leaves nothing in the database in any case (ROLLBACK, READ ONLY). */
    bool leaves_nothing;
    bool is_undone; /* leaves_nothing because it ends with ROLLBACK */
};

struct plan {
    struct step *steps;
    size_t count;
    /* The whole script is one transaction: the ledger's row commits with it. */
    bool one_transaction;
    /* The script's tool sends statements separately, each in a transaction of its own: which of them may share one
     * depends on what the server does at COMMIT. */
    bool is_sent_apart;
    /* The script's tool sends statements separately: each is read as the ones before it have left the session. */
    bool is_read_apart;
    struct script_parts parts; /* of the script */
    /* Set if the script may need a cut but could not be cut: it is sent whole, as the framework would, and this says
     * why. */
    const char *note;
};

struct plan_options {
    enum script_sending sent;            /* how the framework's tool sends this script */
    bool is_wish;                        /* because a marker in the script says so */
    const struct procedures *procedures; /* procedures of the database that end transactions; NULL: not queried */
    const struct deferred *deferred;     /* tables for which the server acts at COMMIT; NULL: not queried */
    const struct hidden *hidden;         /* what functions leave in their caller's session; NULL: not queried */
    const struct targets *targets;       /* what is partitioned, what has no replication slot; NULL: not queried */
    struct script_parts parts;           /* of the script; borrowed by the plan */
    const char *user;                    /* the login role and the database, from the server; NULL: not queried */
    const char *database;
    bool backslashes; /* standard_conforming_strings is off on the server */
};

#endif
