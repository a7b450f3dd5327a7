/*
 * Heads of a history of Alembic: revisions that no other one follows.
 */
#ifndef FRAMEWORK_CODED_ALEMBIC_HEADS_H
#define FRAMEWORK_CODED_ALEMBIC_HEADS_H

#include "framework/core/reading.h"

/* A file that does not say its revision as plain text: it may be any. NULL: all say it. */
const struct migration_file *alembic_unread(const struct migration_files *files);

/* Notes that alembic stops at a revision whose down_revision no file has, and at a circle, and that `alembic upgrade
 * head` stops at several heads, unless branches have labels: those are meant. The files' own data are their struct
 * alembic_revision.
 */
void alembic_note_heads(struct arena *arena, struct migration_files *files);

/* Marks what the revisions of the rows follow as applied. is_row: by file, those that have a row; parents stand in
 * front of their children. Warns if that are several, and notes that alembic stops at a row that another one follows.
 */
void alembic_mark_applied(struct ledger_reading *reading, const bool *is_row, bool *applied);

#endif
