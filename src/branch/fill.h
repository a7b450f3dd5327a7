/*
 * A logical copy: pg_dump of the parent into a file, pg_restore of that into an empty database. It holds up nobody's
 * new connections, and takes ACCESS SHARE on the parent's tables only.
 */
#ifndef BRANCH_FILL_H
#define BRANCH_FILL_H

#include "branch/branch.h"

/* Fills the database of the row's work from its parent, whose owner is `owner`; NULL: with the schema alone. Where rows
 * are loaded, code of roles that are not trusted (pg/loading.h) does not run: FOREIGN_CODE. */
bool fill_from(const struct branch_call *call, struct branch_row *row, const char *owner);

#endif
