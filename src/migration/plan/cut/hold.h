/*
 * Follows what the script's transaction holds while the script is planned (sql/lasting.h): what a cut would end, what
 * of that can be restored, and what remains in the session.
 */
#ifndef MIGRATION_PLAN_CUT_HOLD_H
#define MIGRATION_PLAN_CUT_HOLD_H

#include "base/status.h"
#include "base/text.h"
#include "migration/plan/cut/step.h"
#include "sql/hidden.h"
#include "sql/lasting.h"

struct held {
    struct sql_lasting lasting;
    size_t at;   /* where its statement begins */
    size_t step; /* the number of its step */
};

struct hold {
    struct arena *arena;
    struct text script;  /* as it is parsed */
    struct text written; /* as it is written */
    struct script_parts parts;
    struct held *items;
    size_t count;
    size_t capacity;
    const struct hidden *hidden; /* what functions leave; NULL: not known */
    const char *user;            /* the login role, and the database; NULL: not known */
    const char *database;
    bool is_one_text;    /* its tool sends the file as one message, which is read before anything of it runs */
    const char *reading; /* what changes how later messages are read, also after its transaction; NULL: nothing */
    size_t reading_at;
    size_t reading_step;
    struct deferred deferred; /* tables for which the server acts at COMMIT, as far as known */
    /* The number of the step after the one that last had such an item, since one per step is enough; 0: none. */
    size_t of_session;
    size_t reads_clock;
};

/* The position in its file of byte `at` of the script. */
struct position hold_position(const struct hold *hold, size_t at);

/* Refuses the script because of what is at `at`, with file and line. Returns false. */
bool hold_fail(const struct hold *hold, size_t at, struct status *status, const char *what);

/* Records what the statement [start, end) of this step leaves. Fails if it needs something of an earlier step of the
 * same script transaction, which a cut has ended (a savepoint, the time). */
bool hold_statement(struct hold *hold, size_t start, size_t end, size_t step, struct status *status);

/* The same for a statement that ends transactions itself: only the session keeps something of it. */
void hold_session(struct hold *hold, size_t start, size_t end, size_t step);

/* Where a transaction is to be cut. */
struct cut_place {
    size_t at;       /* the statement that requires the cut, or the next one */
    const char *why; /* "VACUUM cannot be inside it" */
    size_t step;     /* the number of the step that ends there: this and earlier ones are committed */
};

/* May the transaction be cut there? Fails if something would be lost, or would be checked too early. */
bool hold_can_cut(const struct hold *hold, const struct cut_place *place, struct status *status);

/* Would what follows from byte `at` on be parsed the same if it were sent separately? If not, it cannot be in one query
 * with what is held; and if the file has been cut meanwhile, it was not parsed as the server would read it. */
bool hold_is_read_alike(const struct hold *hold, size_t at, struct status *status);

/* Does the server act at COMMIT on what this statement changes, or will it because of what the statement creates?
 * Decided by the statement's words and the known tables. */
bool hold_acts_late(const struct hold *hold, struct text statement);

/* Makes a step restore what is held now before it starts. */
void hold_carry(const struct hold *hold, struct step *step);

/* The transaction was committed: records in the steps what of it remains in the session. */
void hold_commit(struct hold *hold, struct step *steps);

#endif
