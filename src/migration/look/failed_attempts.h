/*
 * The last failed attempt of each migration, until it succeeds: most ledgers do not record failures. Stored in our own
 * table (truss.failed_attempts), which record/last_failure.h writes.
 */
#ifndef MIGRATION_LOOK_FAILED_ATTEMPTS_H
#define MIGRATION_LOOK_FAILED_ATTEMPTS_H

#include "migration/look/catalog.h"

/* What its file is now, compared with what was tried. */
enum tried_file { TRIED_FILE_NOT_KNOWN, TRIED_FILE_IS_SAME, TRIED_FILE_HAS_CHANGED };

struct failed_attempt {
    int64_t at;     /* us since 1970 */
    const char *by; /* the role, and the worker's host: "app@deploy-7" */
    const char *message;
    const char *sqlstate; /* this and the next two: NULL if the server did not send it */
    const char *detail;
    const char *hint;
    const char *statement; /* the one that failed, shortened */
    uint32_t line;         /* in the file, like column; 0: not known */
    uint32_t column;
    bool partially_applied;
    const char *content_hash; /* of what was sent (content.h); NULL: not known */
    enum tried_file file;     /* set by failures_read */
};

/* Sets *failures to an entry for each of the catalog's items; NULL if the item is not pending or has no known failure.
 * If our table belongs to an untrusted role, all are NULL. */
bool failures_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                   const struct failed_attempt ***failures);

#endif
