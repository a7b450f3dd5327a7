/*
 * Composes the message for a piece of a migration: its script, what is recorded about it, and what stands around both.
 * Every message that writes to a ledger for a migration is composed here; nothing is sent here.
 */
#ifndef MIGRATION_RECORD_TRANSACTION_H
#define MIGRATION_RECORD_TRANSACTION_H

#include "migration/look/catalog.h"
#include "migration/look/content.h"
#include "migration/look/place.h"
#include "migration/plan/cut/steps.h"

/* Whose BEGIN and COMMIT surround it. */
enum transaction_frame {
    FRAME_WHOLE,  /* our BEGIN and COMMIT */
    FRAME_BEGIN,  /* our BEGIN; the transaction stays open */
    FRAME_INSIDE, /* inside an open transaction, which stays open */
    FRAME_COMMIT, /* ends an open transaction */
    FRAME_OWN,    /* the script's own BEGIN and COMMIT */
    FRAME_NONE,   /* no transaction: it stands alone */
};

/* What is recorded about a step in truss.migration_steps. */
enum step_mark {
    STEP_NOT_MARKED,
    STEP_BEGUN,
    STEP_FINISHED,
    STEP_UNBEGUN,    /* it left nothing: as if it had not been begun */
    STEPS_FORGOTTEN, /* deletes all rows of this migration */
};

/* The parts of a message, in the order in which they are sent; parts that are not set are not sent. */
struct transaction {
    enum transaction_frame frame;
    const struct framework *framework;
    const struct ledger *ledger;

    /* First reset the session to how the connection and the framework's own connection begin, then apply these limits;
     * NULL: leave the session as it is. */
    const struct run_settings *session;

    /* The session is as a message with these limits and a quiet script has left it, and this script is quiet, too: so
     * nothing is reset, the role is ours, and the ledger is looked at by the query that is prepared under this name
     * (run/settled.h). NULL: not so. */
    const char *settled;

    uint32_t lock_timeout_ms; /* for a statement that would make others queue behind it (`stalls`), and for the ledger's
                                 lock */
    bool stalls;
    bool locks_late; /* take the ledger's lock after the script, as our own role: an earlier step may have changed the
                        role */
    bool locks;      /* keep the framework's own tool out of the ledger from BEGIN to COMMIT */

    const char
        *guard; /* statements right after our BEGIN, if there is a script: they hold the run's locks; NULL: none */

    const char *modes; /* of our BEGIN: "ISOLATION LEVEL SERIALIZABLE"; NULL: none */

    /* Statements, each with its semicolon, that restore before the script's part what a cut would lose. NULL: none. */
    const char *carry;

    const char *opening;              /* our text right before the script, which continues it; NULL: none */
    struct text content;              /* the file; [start, end) of it is sent, or `body`, which is made from that */
    const struct script_parts *parts; /* the files that the content consists of; NULL: one */
    size_t start;
    size_t end;
    struct text body;

    /* The rows that are written, as our own role: the ledger's unfinished row, the ledger's own row, the step's row. */
    const struct ledger_record *record;
    bool starts;              /* LEDGER_START; before the script if the BEGIN is ours */
    bool records;             /* write `part` */
    enum ledger_part part;    /* RECORD, FINISH, FAIL, FORGET or a mark */
    enum step_mark step_mark; /* what to record of `step` */
    const struct step_record *step;

    /* Refuse before the rows what has changed how the server reads later text, unless it reads strings as it did at
     * first (standard_conforming_strings: "on" or "off"). NULL: that does not matter. */
    const char *reads_alike;

    struct text closing; /* right after the rows: the script's own COMMIT */

    int server_version; /* 150018; says which limits the server has */
    bool commits_late;  /* our COMMIT need not be on disk when the server answers (run/durable.h) */
};

/* How the lock_timeout of a query is set. */
enum query_ladder {
    LADDER_NONE,
    LADDER_LOCAL,   /* by SET LOCAL inside the query */
    LADDER_SESSION, /* by SET before it: the statement stands alone, or has its own transaction */
};

/* A transaction as SQL, with what is needed to find the place of an error in the file. */
struct query {
    struct buffer sql;
    const char *migration; /* NULL: none */
    const struct ledger *ledger;
    struct text content;
    const struct script_parts *parts; /* of the content */
    size_t start;                     /* the bytes of the file that it contains: [start, end) */
    size_t end;
    size_t statements_before; /* our statements before them */
    size_t rows_at;           /* where our part after the script begins, in `sql` or in `behind` */
    size_t characters_before;
    bool is_wrapped;      /* positions in it do not correspond to the file */
    size_t wrapped_lines; /* in that case: lines of the block up to the end of the script's body */
    bool resets;          /* begins with a reset of the session */
    bool is_settled;      /* composed for a session that is `settled` */
    enum query_ladder ladder;
    size_t timeout_at;   /* LADDER_LOCAL: the offset of the timeout's number in `sql` */
    bool timeout_behind; /* or in `behind` */
    /* Set for a script so large that one message would take several times its memory, inside a transaction of ours:
     * `sql` is what precedes [start, end), which is sent in pieces of whole statements, and `behind` is what
     * follows. */
    bool in_pieces;
    struct buffer behind;
    /* Work to do once, while the server works on it; not beside a script in pieces. Must not use the session. */
    struct pg_meanwhile meanwhile;
};

/* Statements that limit how long the session may be idle: it holds the run's locks while the run waits for others or a
 * tool works. */
const char *session_limits(struct arena *arena, const struct run_settings *settings);

/* Resets the session to how the connection began. Send it separately if an earlier migration has changed how the server
 * reads strings, because a query is parsed as a whole before any of it runs. */
extern const char transaction_reset[];

/* Part of the error of a transaction that had to read alike, and does not. */
#define NOT_READ_ALIKE                                                                                                 \
    "The script changes how the server reads what follows (standard_conforming_strings, client_encoding), in a way "   \
    "that its text does not show. What follows is not sent like that. Split the file there, or do without it."

struct query transaction_compose(struct arena *arena, const struct transaction *transaction);

/* Writes another lock_timeout into a query that contains one. */
void query_set_timeout(struct query *query, uint32_t ms);

/* The ledger record of a migration, without its id. */
struct ledger_record record_of(struct arena *arena, const struct catalog *catalog, const struct catalog_item *item,
                               const struct loaded *loaded);

#endif
