/*
 * Deleting a backup: its row is claimed as "deleting", its files are deleted, then it becomes "deleted", which is not
 * listed. If the files cannot be deleted, the row stays "deleting" with the reason, and the next delete or sweep tries
 * again.
 */
#ifndef BACKUP_DELETE_H
#define BACKUP_DELETE_H

#include "backup/rows.h"

/* For a row that the caller has set to "deleting". Reserves some of the call's time for recording a failure. */
bool backup_delete_claimed(const struct backup_call *call, struct pg_session *session, const struct backup_row *row);

/* Continues with rows that are "deleting" and that nobody works on: their worker died, or deleting failed more than 5
 * minutes ago. Fails only if the database does not answer. */
bool backup_delete_left(const struct backup_call *call, struct pg_session *session);

#endif
