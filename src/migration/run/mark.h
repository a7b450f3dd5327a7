/*
 * Writing to the ledger without running anything.
 */
#ifndef MIGRATION_RUN_MARK_H
#define MIGRATION_RUN_MARK_H

#include "migration/look/place.h"

/* Records a migration as applied. *message says what was done, or that it was so already. NOT_FOUND for a name without
 * a file. */
bool mark_applied(const struct request *request, const char *name, const char **message);

/* Records that a failed attempt was rolled back by hand. FAILED_PRECONDITION where there is none. */
bool mark_rolled_back(const struct request *request, const char *name, const char **message);

#endif
