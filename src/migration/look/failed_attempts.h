/*
 * The last failed attempt of each migration, until its next success: most ledgers have no row for it. Kept in our own
 * table (truss.failed_attempts), which record/last_failure.h writes.
 */
#ifndef MIGRATION_LOOK_FAILED_ATTEMPTS_H
#define MIGRATION_LOOK_FAILED_ATTEMPTS_H

#include "migration/look/catalog.h"

struct failed_attempt {
    int64_t at;     /* us since 1970 */
    const char *by; /* the role, and the worker's host: "app@deploy-7" */
    const char *message;
    const char *sqlstate; /* NULL: the server did not say it, as of what comes next */
    const char *detail;
    const char *hint;
    const char *statement; /* the one that failed, shortened */
    uint32_t line;         /* in the file; 0: not known, as of column */
    uint32_t column;
    bool partially_applied;
};

/* How the rows of a ledger are told from those of others. */
const char *failures_ledger(struct arena *arena, const struct ledger *ledger);

/* An entry for each of the catalog's items; NULL where it is not pending, or no attempt is known. A table of somebody
 * who is not trusted is passed over: then none is known. */
bool failures_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                   const struct failed_attempt ***failures);

#endif
