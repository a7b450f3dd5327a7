/*
 * A logical copy: pg_dump of the parent into a file, pg_restore of that into an empty database. It does not block new
 * connections, and takes only ACCESS SHARE on the parent's tables.
 */
#ifndef BRANCH_FILL_H
#define BRANCH_FILL_H

#include "branch/branch.h"

/* How to fill the branch. */
struct fill {
    const char *owner; /* of the parent */
    bool schema_only;  /* no rows */
};

/* Fills the row's new database from its parent. Fails with FOREIGN_CODE if that would run code of untrusted roles
 * (pg/loading.h). */
bool fill_from(const struct branch_call *call, struct branch_row *row, const struct fill *fill);

#endif
