/*
 * Reads what Alembic's env.py says about the ledger.
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_PROGRAM_H
#define FRAMEWORK_CODED_ALEMBIC_PROGRAM_H

#include "framework/coded/alembic_options.h"

/* Reads location/env.py (relative to the project). Literal names become the folder's ledger; what it takes from
 * alembic.ini is looked up in the options; computed values are noted in folder->unread_ledger. */
void alembic_read_program(struct arena *arena, struct folder *folder, const char *location,
                          const struct alembic_options *options);

#endif
