/*
 * Who had each migration applied, and in which run: no tracking table but Flyway's has a column for it. Kept in our own
 * table (truss.applied_by), which record/note_applied.h writes. A row of it counts only while the tracking table has
 * the time of that very run: what another tool did since is not told as ours.
 */
#ifndef MIGRATION_LOOK_APPLIED_BY_H
#define MIGRATION_LOOK_APPLIED_BY_H

#include "migration/look/catalog.h"

struct applied_by {
    const char *actor;     /* "": nobody was asked for a login */
    const char *operation; /* the id of its run; NULL: it was not written down */
};

/* An entry for each of the catalog's items; NULL where it is not known. A table of somebody who is not trusted, or one
 * that cannot be read, is passed over: then none is known. */
const struct applied_by *const *applied_by_read(const struct request *request, struct pg_session *session,
                                                const struct catalog *catalog);

#endif
