/*
 * What the transaction of a script holds while it is being planned (sql/lasting.h): what a cut inside it would end,
 * what of that can be made again, and what stays in the session.
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
    size_t step; /* the number of the step that it is in */
};

struct hold {
    struct arena *arena;
    struct text script;  /* as it is looked at */
    struct text written; /* as it is written */
    struct script_parts parts;
    struct held *items;
    size_t count;
    size_t capacity;
    const struct hidden *hidden; /* what functions leave, as far as they are known; NULL: none is */
    const char *user;            /* who logs in and where; NULL: not known */
    const char *database;
    struct deferred deferred; /* tables of which the server does something at COMMIT, as far as they are known */
    /* Behind the step in which one of the kind was found last, of which one a step is enough; 0: none. */
    size_t of_session;
    size_t reads_clock;
};

/* Where byte `at` of the script is in its file. */
struct position hold_position(const struct hold *hold, size_t at);

/* Refuses the script for what is there, with file and line. False, for who calls it. */
bool hold_fail(const struct hold *hold, size_t at, struct status *status, const char *what);

/* Takes what the statement [start, end) leaves, which is in this step. False where it needs something of an earlier
 * step of the same transaction that has ended (a savepoint, the time). */
bool hold_statement(struct hold *hold, size_t start, size_t end, size_t step, struct status *status);

/* The same of a statement that ends its transactions itself: only the session keeps something of it. */
void hold_session(struct hold *hold, size_t start, size_t end, size_t step);

/* Where a transaction is to be cut. */
struct cut_place {
    size_t at;       /* the statement that makes it necessary, or that comes next */
    const char *why; /* "VACUUM cannot be inside it" */
    size_t step;     /* the number of the step that ends there: those before it stay */
};

/* May the transaction be cut there? False where something would be lost, or checked too early behind what stays. */
bool hold_can_cut(const struct hold *hold, const struct cut_place *place, struct status *status);

/* Is what may follow read as it would be if it were sent by itself? Else it cannot be in one query with what is held.
 */
bool hold_is_read_alike(const struct hold *hold, struct status *status);

/* Does the server do something at COMMIT for what this statement changes, or will it from now on because of what the
 * statement makes? By its own words, and by the tables that are known. */
bool hold_acts_late(const struct hold *hold, struct text statement);

/* Makes what is held now be made again in front of a step. */
void hold_carry(const struct hold *hold, struct step *step);

/* The transaction was committed: what stays of it in the session is told to the steps. */
void hold_commit(struct hold *hold, struct step *steps);

#endif
