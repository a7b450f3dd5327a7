/*
 * Which of the sources that were found is meant.
 */
#ifndef MIGRATION_LOOK_CHOICE_H
#define MIGRATION_LOOK_CHOICE_H

#include "migration/look/looking.h"

/* Puts the chosen one first and makes its halves the detection's; where several fit equally the detection's problem
 * says so. Only the database can tell which of several folders is meant: without a session *certain may be false, and
 * nothing is chosen. Fails where the one that is asked for is not there, or a ledger cannot be read. */
bool source_choose(const struct looking *looking, bool *certain);

#endif
