/*
 * A logical copy: pg_dump of the parent into a file, pg_restore of that into an empty database. It holds up nobody's
 * new connections, and takes ACCESS SHARE on the parent's tables only.
 */
#ifndef BRANCH_FILL_H
#define BRANCH_FILL_H

#include "branch/branch.h"

/* Fills the database of the row's work from its parent: all of it, or the schema alone. */
bool fill_from(const struct branch_call *call, struct branch_row *row, bool schema_only);

#endif
