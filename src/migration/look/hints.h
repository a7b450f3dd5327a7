/*
 * What probably happened where history is not straight: line endings, a new name. Hints are for a person; no state
 * depends on them.
 */
#ifndef MIGRATION_LOOK_HINTS_H
#define MIGRATION_LOOK_HINTS_H

#include "migration/look/history.h"

/* Puts hints in front of the notes of a catalog whose states are decided. */
void hints_find(const struct request *request, struct catalog *catalog);

#endif
