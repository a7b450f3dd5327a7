/*
 * Joins the folder's files with the ledger's rows by name, never by a high-water mark, and gives every migration its
 * state.
 */
#ifndef MIGRATION_LOOK_JOIN_H
#define MIGRATION_LOOK_JOIN_H

#include "migration/look/history.h"

/* Fills items, count and counts from files and entries, and sorts the entries. The catalog's detection must have a
 * framework. Fails if a file cannot be read for its checksum. */
bool catalog_join(const struct request *request, struct catalog *catalog);

#endif
