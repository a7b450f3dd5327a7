/*
 * Names as PostgreSQL's catalogs have them: it cuts a longer one wherever a statement has it.
 */
#ifndef FRAMEWORK_CORE_KEPT_NAME_H
#define FRAMEWORK_CORE_KEPT_NAME_H

#include "framework/core/framework.h"

/* Cuts the names of a ledger that somebody has said, where they are too long: its own tool's statements find the table
 * by the whole name, a question to the catalogs does not. A NULL stays. */
void ledger_keep_names(struct arena *arena, struct ledger *ledger);

#endif
