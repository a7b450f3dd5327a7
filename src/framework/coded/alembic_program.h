/*
 * What Alembic's env.py says of the ledger.
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_PROGRAM_H
#define FRAMEWORK_CODED_ALEMBIC_PROGRAM_H

#include "framework/coded/alembic_options.h"

/* Reads location/env.py (relative to the project). The names that it says become the folder's ledger; what it asks of
 * alembic.ini is looked up in the options, and what is computed is noted in folder->unread_ledger. */
void alembic_read_program(struct arena *arena, struct folder *folder, const char *location,
                          const struct alembic_options *options);

#endif
