/*
 * A ledger that is not where the framework would make one.
 */
#ifndef MIGRATION_LOOK_ELSEWHERE_H
#define MIGRATION_LOOK_ELSEWHERE_H

#include "migration/look/looking.h"

/* How many of a folder's migrations its ledger has, and whether it has others. Fails where one of them cannot be read.
 */
bool ledger_count_known(const struct looking *looking, const struct source *source, size_t *known, bool *has_others);

/* Reports a ledger found elsewhere, for a source whose own place is empty. Where somebody has said which schema or
 * table is meant, it is another one; where nobody has, the only one that fits is taken, or the user is asked. */
bool ledger_look_elsewhere(const struct looking *looking, struct source *source);

#endif
