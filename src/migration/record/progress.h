/*
 * SQL for truss.migration_steps (plan/cut/steps.h reads it). Schema-qualified: it works under any settings that a
 * script has left.
 */
#ifndef MIGRATION_RECORD_PROGRESS_H
#define MIGRATION_RECORD_PROGRESS_H

#include "base/text.h"
#include "migration/plan/cut/steps.h"

/* Takes the lock of the statements below, which read the table under it. It must come first in a transaction that may
 * keep one snapshot, so that their snapshot is newer than the lock. */
void progress_put_lock(struct buffer *sql, const struct ledger *ledger);

/* Step finished (its row may exist as begun). */
void progress_put_finished(struct buffer *sql, const struct ledger *ledger, const char *migration,
                           const struct step_record *record);

/* Step begun; record->indexes_before may be NULL. */
void progress_put_begun(struct buffer *sql, const struct ledger *ledger, const char *migration,
                        const struct step_record *record);

/* The statement of a step that is begun is seen to build the index of this oid: adds it to the row's indexes_before,
 * where a 0 separates such indexes from those that existed before. Without the lock and the check of the table. */
void progress_put_made(struct buffer *sql, const struct ledger *ledger, const char *migration, uint32_t step,
                       const char *oid);

/* Removes the row of a step that was not begun after all. */
void progress_put_unbegun(struct buffer *sql, const struct ledger *ledger, const char *migration, uint32_t step);

/* The project's own tool is started for these migrations (at least one): what it did is not known while the rows
 * exist. */
void progress_put_tool(struct buffer *sql, const struct ledger *ledger, const char *const *migrations, size_t count);

/* The tool has ended and its result was reported: deletes its rows, for all migrations of the ledger. */
void progress_put_tool_ended(struct buffer *sql, const struct ledger *ledger);

/* Deletes all rows of a migration, also the tool's: whoever decides about the migration has looked at what was left.
 * Rows of the tool for other migrations stay. */
void progress_put_forget(struct buffer *sql, const struct ledger *ledger, const char *migration);

#endif
