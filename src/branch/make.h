/*
 * The steps of making a branch. A worker may be killed after any of them; make_recover finishes or undoes what it left.
 *
 *     make_begin    takes the lock, adds the row "creating"
 *     make_copy     CREATE DATABASE under the provisional name, without connections: a complete copy, or nothing
 *     make_empty    the same without content; its comment says that it is not ready
 *     make_finish   comment "ready", what a copy lacks, final name, connections, row "active"
 */
#ifndef BRANCH_MAKE_H
#define BRANCH_MAKE_H

#include "branch/branch.h"

/* Takes the lock and writes the row; sets row->work, which make_finish or make_abandon frees. session: one of
 * server_open, which becomes the work's or is freed; NULL: opens one. */
bool make_begin(const struct branch_call *call, const struct branch_new *what, struct pg_session *session,
                struct branch_row *row);

/* The same for an existing row, which becomes "creating". */
bool make_begin_again(const struct branch_call *call, struct pg_session *session, struct branch_row *row);

/* Copies with CREATE DATABASE … TEMPLATE, on the work's session. BUSY if somebody is connected to the template. */
bool make_copy(const struct branch_call *call, struct branch_row *row, const char *template);

bool make_empty(const struct branch_call *call, struct branch_row *row, const struct branch_locale *locale);

/* Gives a database with the provisional name its final name; in a reset, drops the branch's old database first. */
bool make_name(const struct branch_call *call, struct branch_row *row);

bool make_finish(const struct branch_call *call, struct branch_row *row);

/* Undoes what was made. reason "": it has served its purpose, and becomes "deleted" instead of "failed". A row that had
 * a database before (a reset) keeps that and becomes "active" again. */
bool make_abandon(const struct branch_call *call, struct branch_row *row, const char *reason);

/* Finishes or undoes a row that is "creating" and whose worker is dead; the session holds its lock. */
bool make_recover(const struct branch_call *call, struct pg_session *maintenance, struct branch_row *row);

/* The work's session, and the present name of its database. */
struct pg_session *make_session(const struct branch_row *row);
const char *make_database(const struct branch_row *row);

#endif
