/*
 * Ledgers that are not where the framework would make one.
 */
#ifndef MIGRATION_LOOK_ELSEWHERE_H
#define MIGRATION_LOOK_ELSEWHERE_H

#include "migration/look/looking.h"

/* Reports a ledger found elsewhere, for a source whose own place is empty. If a schema or table was named (by an
 * option, say), the one found is another ledger. Otherwise: one of another project is passed over; the only one whose
 * rows belong to these files is taken; in all other cases the user is asked. */
bool ledger_look_elsewhere(const struct looking *looking, struct source *source);

/* The ledger that the search path finds has no rows, and another schema's has rows of these files: asks the user, since
 * the search path may have been changed. Returns false if the database did not answer. */
bool ledger_check_empty(const struct looking *looking, struct source *source);

#endif
