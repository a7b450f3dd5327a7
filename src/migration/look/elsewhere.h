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

#endif
