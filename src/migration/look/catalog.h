/*
 * Every migration with its state: the folder's files joined with the ledger's rows, name by name, never by a high-water
 * mark.
 */
#ifndef MIGRATION_LOOK_CATALOG_H
#define MIGRATION_LOOK_CATALOG_H

#include "migration/look/history.h"

/* Detects, lists, reads and joins. Without a framework the catalog is empty. */
bool catalog_read(const struct request *request, struct pg_session *session, struct catalog *catalog);

/* The same for what was detected already: the folder and the ledger are read as they are now. */
bool catalog_read_again(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct catalog *catalog);

/* The item with this name, as a person may have written it: its name, key or version, or its file; NULL where there is
 * none. */
const struct catalog_item *catalog_find(const struct catalog *catalog, struct text name);

/* The same for many: one for each name. It does not look through the catalog for each that is a name as it stands. */
const struct catalog_item **catalog_find_all(struct arena *arena, const struct catalog *catalog,
                                             const char *const *names, size_t count);

/* Fails with NOT_FOUND and the nearest names. */
bool catalog_not_found(const struct catalog *catalog, struct text name, struct status *status);

/* The file before this item's in its folder; NULL: it is the first. */
const struct migration_file *catalog_before(const struct catalog *catalog, const struct catalog_item *item);

/* Fails with FAILED_PRECONDITION where nothing may be recorded: the ledger is not known or cannot be written, or the
 * project means another database. */
bool catalog_check_ledger(const struct catalog *catalog, struct status *status);

/* The same, and where the folder is unfit for a run. */
bool catalog_check_folder(const struct catalog *catalog, struct status *status);

/* The first migration whose attempt failed and is not resolved; NULL where there is none. */
const struct catalog_item *catalog_failed(const struct catalog *catalog);

#endif
