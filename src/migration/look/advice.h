/*
 * Commands in advice, as a person types them: with the migration's name, quoted for a shell if necessary.
 */
#ifndef MIGRATION_LOOK_ADVICE_H
#define MIGRATION_LOOK_ADVICE_H

#include "base/arena.h"

/* "truss mark-rolled-back NAME". */
const char *advice_rolled_back(struct arena *arena, const char *name);

/* "truss mark-applied NAME". */
const char *advice_applied(struct arena *arena, const char *name);

/* "--ledger SCHEMA.TABLE"; a name with a dot or a quote is in double quotes, as the option is read. */
const char *advice_ledger(struct arena *arena, const char *schema, const char *table);

#endif
