/*
 * SQL for truss.migration_steps (plan/steps.h reads them). Schema-qualified: it works whatever settings a script has
 * left.
 */
#ifndef MIGRATION_RECORD_PROGRESS_H
#define MIGRATION_RECORD_PROGRESS_H

#include "base/text.h"
#include "migration/plan/cut/steps.h"

/* Takes the lock of the statements below, which look at the table under it. To be first in a transaction that may keep
 * one snapshot, so that they look by one that is younger. */
void progress_put_lock(struct buffer *sql, const struct ledger *ledger);

/* A step is finished (its row may be there already as begun). */
void progress_put_finished(struct buffer *sql, const struct ledger *ledger, const char *migration,
                           const struct step_record *record);

/* It begins; record->indexes_before may be NULL. */
void progress_put_begun(struct buffer *sql, const struct ledger *ledger, const char *migration,
                        const struct step_record *record);

/* It was never begun. */
void progress_put_unbegun(struct buffer *sql, const struct ledger *ledger, const char *migration, uint32_t step);

/* The project's own tool begins with these (one at least): what it does is not known until its row is gone. */
void progress_put_tool(struct buffer *sql, const struct ledger *ledger, const char *const *migrations, size_t count);

/* It has ended, and what came of it was told: its rows go, of all migrations of the ledger. */
void progress_put_tool_ended(struct buffer *sql, const struct ledger *ledger);

/* All of a migration are gone, that of a tool too: who decides about it has looked at what was left. What the tool was
 * started for beside it is another question. */
void progress_put_forget(struct buffer *sql, const struct ledger *ledger, const char *migration);

#endif
