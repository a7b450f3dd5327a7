/*
 * Every migration with its state: the folder's files joined with the ledger's rows by name, never by a high-water mark.
 */
#ifndef MIGRATION_LOOK_CATALOG_H
#define MIGRATION_LOOK_CATALOG_H

#include "migration/look/history.h"

/* Detects the framework, lists the files, reads the ledger and joins them. If no framework is found the catalog is
 * empty. */
bool catalog_read(const struct request *request, struct pg_session *session, struct catalog *catalog);

/* The same for an earlier detection: reads the folder and the ledger again. */
bool catalog_read_again(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct catalog *catalog);

/* The numbers for metrics; false: the states are not certain. */
bool catalog_states(const struct catalog *catalog, struct seen_states *seen);

/* Finds an item by what a person may write: its name, key, version or file. NULL: there is none. */
const struct catalog_item *catalog_find(const struct catalog *catalog, struct text name);

/* The one with exactly this name, as our own tables have it. NULL: there is none. */
const struct catalog_item *catalog_named(const struct catalog *catalog, const char *name);

/* The failed attempt in the tracking table that a migration whose file is gone has left there, by the name that our own
 * tables have: without the file the two may differ. NULL: there is none. */
const struct catalog_item *catalog_left(const struct catalog *catalog, const char *name);

/* As catalog_find for `count` names; an entry for each, NULL if not found. Exact names are found by index, without a
 * search through the catalog. */
const struct catalog_item **catalog_find_all(struct arena *arena, const struct catalog *catalog,
                                             const char *const *names, size_t count);

/* Fails with NOT_FOUND and suggests the nearest names. */
bool catalog_not_found(const struct catalog *catalog, struct text name, struct status *status);

/* The file before this item's in its folder; NULL for the first. */
const struct migration_file *catalog_before(const struct catalog *catalog, const struct catalog_item *item);

/* If the tracking table has only the last version, the one before takes the place of one that is undone: is it known
 * which that is? Only the folder says that has the file. Below 0 there is none. */
bool catalog_knows_before(const struct catalog *catalog, const struct catalog_item *item);

/* Fails with FAILED_PRECONDITION if nothing may be recorded: the ledger is not known or cannot be written, or the
 * project names another database. */
bool catalog_check_ledger(const struct catalog *catalog, struct status *status);

/* The same, and also fails if the folder is not fit for a run. */
bool catalog_check_folder(const struct catalog *catalog, struct status *status);

/* The same for records without a run, for which no tool is started. A trial records nothing: it may look at a database
 * that is not the project's, and at a tracking table that cannot be written. */
bool catalog_check_baseline(const struct catalog *catalog, bool is_trial, struct status *status);

/* The first migration with a failed attempt that is not resolved; NULL: none. */
const struct catalog_item *catalog_failed(const struct catalog *catalog);

#endif
