/*
 * A plan held against the server as it is now: who has the locks that it needs, which rights the role lacks, whether
 * the server takes writes at all.
 */
#ifndef MIGRATION_PLAN_CHECK_MOMENT_H
#define MIGRATION_PLAN_CHECK_MOMENT_H

#include "migration/plan/view.h"

#define MOST_WARNINGS 32

/* Sentences about what would go wrong. */
struct warnings {
    const char *items[MOST_WARNINGS];
    size_t count;
};

/* Adds one; NULL is none, and what is said already is not said again. */
void warnings_add(struct warnings *warnings, const char *warning);

/* What is asked, and where the answers go. */
struct moment {
    const struct request *request;
    struct pg_session *session;
    const struct detection *detection;
    struct warnings *warnings;
    struct warnings *notes;
    bool only_known; /* what cannot be asked is passed over */
};

/* Adds what a run would fail at or wait for. What cannot be asked is a warning of its own: not known is not safe. Notes
 * are what a person should know, and no reason against it. */
void moment_check(const struct moment *moment, const struct preparation *preparation,
                  const struct explanation *explanation);

/* Adds only what a run would fail at, whoever else is at work: a server that takes no writes, rights that are missing.
 * Not where the project's own tool runs it. */
void moment_failures(const struct moment *moment, const struct preparation *preparation,
                     const struct explanation *explanation);

/* Why a tracking table could not be made there, as a sentence that says what to do; NULL: neither a right nor the
 * server's state is the reason. The session must not be inside a transaction. */
const char *moment_why_not_made(const struct request *request, struct pg_session *session, const struct ledger *ledger);

/* Every row's first column is a warning; where the query fails, that `what` cannot be known. */
void moment_ask(const struct moment *moment, const char *what, const char *sql, int count, const char *const *values);

#endif
