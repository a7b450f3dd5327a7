/*
 * What is sent for a piece of a migration: its script, what is recorded of it, and what stands around the two. Every
 * message that writes to a ledger for a migration is composed here; nothing is sent here.
 */
#ifndef MIGRATION_RECORD_TRANSACTION_H
#define MIGRATION_RECORD_TRANSACTION_H

#include "migration/look/catalog.h"
#include "migration/look/content.h"
#include "migration/look/place.h"
#include "migration/plan/cut/steps.h"

/* Whose transaction it is. */
enum transaction_frame {
    FRAME_WHOLE,  /* BEGIN and COMMIT of ours */
    FRAME_BEGIN,  /* opens one that stays open for the next */
    FRAME_INSIDE, /* in one that is open, and stays so */
    FRAME_COMMIT, /* ends one that is open */
    FRAME_OWN,    /* BEGIN and COMMIT are the script's own */
    FRAME_NONE,   /* in none: it stands alone */
};

/* What is written down of a step in truss.migration_steps. */
enum step_mark {
    STEP_NOT_MARKED,
    STEP_BEGUN,
    STEP_FINISHED,
    STEP_UNBEGUN,    /* it left nothing: as if it had never been begun */
    STEPS_FORGOTTEN, /* all of this migration */
};

/* In the order in which they are sent; what is left out is not. Start with the frame, and where it goes. */
struct transaction {
    enum transaction_frame frame;
    const struct framework *framework;
    const struct ledger *ledger;

    /* The session as the connection began and as the framework's own connection is, then these limits; NULL: the
     * session stays as it is. */
    const struct run_settings *session;

    uint32_t lock_timeout_ms; /* of what would make others queue behind it, which `stalls` says; of the ledger's lock */
    bool stalls;
    bool locks_late; /* the ledger's lock is taken behind the script, as ourselves: an earlier step may have left a role
                      */
    bool locks;      /* keeps the framework's own tool out of the ledger from BEGIN to COMMIT */

    const char
        *guard; /* statements right behind a BEGIN of ours, with a script: they hold the run's locks; NULL: none */

    const char *modes; /* of a BEGIN of ours: "ISOLATION LEVEL SERIALIZABLE"; NULL: none */

    /* Settings that a cut would lose, made again before the script's part; each statement ends in a semicolon. NULL:
     * none. */
    const char *carry;

    const char *opening;              /* text of ours right before the script, which goes on into it; NULL: none */
    struct text content;              /* the file; [start, end) of it is sent, or `body`, which is made from that */
    const struct script_parts *parts; /* of the content; NULL: it is one file */
    size_t start;
    size_t end;
    struct text body;

    /* Rows: the ledger's unfinished one, the ledger's own, the step's. Written as who we are. */
    const struct ledger_record *record;
    bool starts;              /* LEDGER_START: before the script where the BEGIN is ours */
    bool records;             /* `part` is written */
    enum ledger_part part;    /* RECORD, FINISH, FAIL, FORGET or a mark */
    enum step_mark step_mark; /* with `step` */
    const struct step_record *step;

    struct text closing; /* right behind the rows: the script's own COMMIT */

    bool has_idle_limit; /* the server has idle_session_timeout (14) */
    bool commits_late;   /* the server need not have a COMMIT of ours on disk when it answers (run/durable.h) */
};

/* How its lock_timeout is set. */
enum query_ladder {
    LADDER_NONE,
    LADDER_LOCAL,   /* by a SET LOCAL in the query itself */
    LADDER_SESSION, /* by a SET before it: it stands alone, or has a transaction of its own */
};

/* A transaction as SQL, with what it takes to tell where in the file it failed. */
struct query {
    struct buffer sql;
    const char *migration; /* NULL: of none */
    const struct ledger *ledger;
    struct text content;
    const struct script_parts *parts; /* of the content */
    size_t start;                     /* the bytes of the file that are in it */
    size_t end;
    size_t statements_before; /* of ours, in front of them */
    size_t rows_at;           /* where in `sql`, or in `behind`, what is ours begins behind the script */
    size_t characters_before;
    bool is_wrapped;      /* positions in it say nothing of the file */
    size_t wrapped_lines; /* then: of the block, up to the end of the script's body */
    bool resets;          /* the session as it began comes first */
    enum query_ladder ladder;
    size_t timeout_at;   /* of LADDER_LOCAL: where its number is, in `sql` */
    bool timeout_behind; /* … or in `behind` */
    /* A script so large that a message with all of it would take several times its memory, inside a transaction of
     * ours: `sql` is what stands in front of [start, end), which is sent in pieces of whole statements, and `behind`
     * what comes after. */
    bool in_pieces;
    struct buffer behind;
};

/* How long the session may idle: it holds the run's locks, while the run waits for others or a tool works. */
const char *session_limits(struct arena *arena, const struct run_settings *settings);

/* The session as the connection began: to be sent by itself where an earlier migration has changed how the server reads
 * strings, because a query is read whole before anything of it runs. */
extern const char transaction_reset[];

struct query transaction_compose(struct arena *arena, const struct transaction *transaction);

/* Writes another lock_timeout into a query that has one of its own. */
void query_set_timeout(struct query *query, uint32_t ms);

/* What is written to the ledger about a migration, but for the id. */
struct ledger_record record_of(struct arena *arena, const struct catalog *catalog, const struct catalog_item *item,
                               const struct loaded *loaded);

#endif
