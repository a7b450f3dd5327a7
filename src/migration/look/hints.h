/*
 * What probably happened where history is not straight: line endings, a new name. Hints are for a person; no state
 * depends on them. A run asks about a new name: it would execute the same again.
 */
#ifndef MIGRATION_LOOK_HINTS_H
#define MIGRATION_LOOK_HINTS_H

#include "migration/look/history.h"

/* Puts hints in front of the notes of a catalog whose states are decided, and says which were renamed. */
void hints_find(const struct request *request, struct catalog *catalog);

#endif
