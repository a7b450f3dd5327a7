/*
 * Compares a plan with the server as it is now: who holds locks that it needs, which rights the role lacks, whether the
 * server accepts writes.
 */
#ifndef MIGRATION_PLAN_CHECK_MOMENT_H
#define MIGRATION_PLAN_CHECK_MOMENT_H

#include "migration/plan/view.h"

#define MOST_WARNINGS 32

/* Stands before what only a DO block may need. */
#define MOMENT_IN_BLOCK "If a DO block gets that far: "

/* Sentences about what would go wrong. */
struct warnings {
    const char *items[MOST_WARNINGS];
    enum reason reasons[MOST_WARNINGS]; /* of each */
    size_t count;
};

/* Adds a warning, unless it is NULL or already in the list. */
void warnings_add(struct warnings *warnings, enum reason reason, const char *warning);

/* What is examined, and where the results go. */
struct moment {
    const struct request *request;
    struct pg_session *session;
    const struct detection *detection;
    struct warnings *warnings;
    struct warnings *notes;
    enum reason reason; /* of what moment_ask() adds */
    const char *before; /* this stands before what moment_ask() adds; NULL: nothing */
    bool only_known;    /* ignore what cannot be found out, instead of warning */
};

/* Adds what a run would fail at or wait for. What cannot be found out is a warning, too: not known is not safe. Notes
 * are worth knowing but no reason against a run. */
void moment_check(const struct moment *moment, const struct preparation *preparation,
                  const struct explanation *explanation);

/* The part of moment_check() that needs no plan: the server, and the rights on the tracking table. */
void moment_check_place(const struct moment *moment);

/* Adds only what a run would fail at regardless of other sessions: a read-only server, missing rights. Adds nothing if
 * the project's own tool runs the migrations. */
void moment_failures(const struct moment *moment, const struct preparation *preparation,
                     const struct explanation *explanation);

/* Returns a sentence that says why a tracking table could not be created there and what to do; NULL: neither a right
 * nor the server's state is the reason. The session must not be inside a transaction. */
const char *moment_why_not_made(const struct request *request, struct pg_session *session, const struct ledger *ledger);

/* The same moment, for questions of this reason. */
struct moment moment_because(const struct moment *moment, enum reason reason);

/* Runs a query whose rows are warnings (the first column). If it fails, adds a warning that `what` is not known. */
void moment_ask(const struct moment *moment, const char *what, const char *sql, int count, const char *const *values);

#endif
