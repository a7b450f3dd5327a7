/*
 * A logical copy: pg_dump of the parent into a file, pg_restore of that into an empty database. It holds up nobody's
 * new connections, and takes ACCESS SHARE on the parent's tables only.
 */
#ifndef BRANCH_FILL_H
#define BRANCH_FILL_H

#include "branch/branch.h"

/* What the branch is filled with. */
struct fill {
    const char *owner; /* of the parent */
    bool schema_only;  /* no rows */
};

/* Fills the database of the row's work from its parent. Code of roles that are not trusted (pg/loading.h) does not run:
 * FOREIGN_CODE. */
bool fill_from(const struct branch_call *call, struct branch_row *row, const struct fill *fill);

#endif
