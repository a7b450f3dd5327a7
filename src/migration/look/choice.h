/*
 * Chooses one of the sources that were found.
 */
#ifndef MIGRATION_LOOK_CHOICE_H
#define MIGRATION_LOOK_CHOICE_H

#include "migration/look/looking.h"

/* Moves the chosen source to the front and copies its folder and ledger into the detection. If several fit equally,
 * sets the detection's problem. Only the database can tell which of several folders is meant: without a session,
 * *certain may be false and nothing is chosen. Fails if the requested one does not exist, or a ledger cannot be
 * read. */
bool source_choose(const struct looking *looking, bool *certain);

#endif
