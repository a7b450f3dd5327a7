/*
 * A session that is known to be as our last message has left it. Between two scripts a session is reset, its locks and
 * role are set again, and the look at the ledger is planned anew: a fifth of the server's work for a small migration.
 * Between two scripts that surely leave nothing (sql/quiet.h) that would find everything as it is.
 *
 * A session is settled by a message of its own behind some quiet scripts, as long as nobody has used it since. It is
 * settled no longer with whatever else is sent. That it still is one and the same session, behind a pooler that has not
 * been noticed, the prepared query proves.
 */
#ifndef MIGRATION_RUN_SETTLED_H
#define MIGRATION_RUN_SETTLED_H

#include "migration/run/attempt.h"

/* Is the script of an attempt that is loaded quiet, and its row, too? */
bool settled_is_quiet(const struct attempt *attempt);

/* Is the session settled now? */
bool settled_is(const struct run *run);

/* Call it when a migration is committed. Settles the session if that pays: if some of the last were quiet and `left`
 * more follow. If it cannot be, everything goes on as before. */
void settle(const struct attempt *attempt, size_t left);

/* A message for a settled session failed because something may have run unseen: the session is not settled, and its
 * locks have to be looked at. Returns false if it failed otherwise. */
bool settled_was_wrong(struct run *run, struct failure *failure);

#endif
