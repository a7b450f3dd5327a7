/*
 * Who had each migration applied, in which run, and how long that took: of the tracking tables only Flyway's has a
 * column for the first. Stored in our own table (truss.applied_by), which record/note_applied.h writes. A row counts
 * only while the tracking table still has the time of that run; if another tool has applied the migration again since,
 * the row is ignored.
 */
#ifndef MIGRATION_LOOK_APPLIED_BY_H
#define MIGRATION_LOOK_APPLIED_BY_H

#include "migration/look/catalog.h"

struct applied_by {
    const char *actor;     /* "": no login was required */
    const char *operation; /* the id of its run; NULL: not recorded */
    bool is_marked;        /* recorded without having been executed */
    int64_t duration_ms;   /* as its run has measured and reported it; -1: not known */
};

/* Returns an entry for each of the catalog's items, NULL if not known. If our table belongs to an untrusted role or
 * cannot be read, all are NULL. */
const struct applied_by *const *applied_by_read(const struct request *request, struct pg_session *session,
                                                const struct catalog *catalog);

#endif
