/*
 * The end of a backup. Its row is claimed as "deleting", its files go, then it is "deleted", which nobody sees. Where
 * the files do not go, the row stays "deleting" with the reason, and the next delete or sweep goes on with it.
 */
#ifndef BACKUP_DELETE_H
#define BACKUP_DELETE_H

#include "backup/rows.h"

/* For a row that the caller has moved to "deleting". Keeps a part of the call's time to tell the row of a failure. */
bool backup_delete_claimed(const struct backup_call *call, struct pg_session *session, const struct backup_row *row);

/* Goes on with what is "deleting" and nobody does: its worker died, or the files could not be deleted 5 minutes ago.
 * False only where the database does not answer. */
bool backup_delete_left(const struct backup_call *call, struct pg_session *session);

#endif
