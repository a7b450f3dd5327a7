/*
 * Renames where nothing is recorded of the content: names that differ only in their ending or in capital letters
 * (a .ts file whose compiled .js was recorded), or have the same time in front of another title.
 */
#ifndef MIGRATION_LOOK_HINTS_NAMES_H
#define MIGRATION_LOOK_HINTS_NAMES_H

#include "migration/look/history.h"

/* Adds hints to the notes of a catalog whose states are known, and sets `renamed`, for files and rows without
 * checksums. */
void hints_find_names(const struct request *request, struct catalog *catalog);

#endif
