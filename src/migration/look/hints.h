/*
 * Guesses what happened where file and ledger do not match: changed line endings, a rename (hints_names.h). Hints are
 * for people and change no state; but a run asks about a rename, because it would execute the same script twice.
 */
#ifndef MIGRATION_LOOK_HINTS_H
#define MIGRATION_LOOK_HINTS_H

#include "migration/look/history.h"

/* Adds hints to the notes of a catalog whose states are known, in front of what they say, and sets `renamed`. */
void hints_find(const struct request *request, struct catalog *catalog);

#endif
