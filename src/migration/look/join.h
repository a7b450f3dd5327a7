/*
 * The folder's files joined with the ledger's rows, name by name, never by a high-water mark: every migration gets its
 * state.
 */
#ifndef MIGRATION_LOOK_JOIN_H
#define MIGRATION_LOOK_JOIN_H

#include "migration/look/history.h"

/* Fills items, count and counts from files and entries, which are sorted by it. The catalog's detection must have a
 * framework. Fails where a file cannot be read for its checksum. */
bool catalog_join(const struct request *request, struct catalog *catalog);

#endif
