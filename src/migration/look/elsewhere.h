/*
 * A ledger that is not where the framework would make one.
 */
#ifndef MIGRATION_LOOK_ELSEWHERE_H
#define MIGRATION_LOOK_ELSEWHERE_H

#include "migration/look/looking.h"

/* Reports a ledger found elsewhere, for a source whose own place is empty. Where somebody has said which schema or
 * table is meant, it is another one; where nobody has, another project's is passed over, the only one that is of these
 * files is taken, or the user is asked. */
bool ledger_look_elsewhere(const struct looking *looking, struct source *source);

/* Asks the user about a source whose ledger is where the search path says and has no row of any migration, while
 * another schema's has rows of these files: the path may have been set since. False where the database did not answer.
 */
bool ledger_check_empty(const struct looking *looking, struct source *source);

#endif
