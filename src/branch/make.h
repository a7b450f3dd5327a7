/*
 * The steps of making a branch, each of which may be the last one of a worker that is killed; what it left is finished
 * or undone by make_recover.
 *
 *   make_begin    lock, row "creating"
 *   make_copy     CREATE DATABASE under the provisional name, closed to everybody: a whole copy, or nothing
 *   make_empty    the same with nothing in it, and its comment says that it is not ready
 *   make_finish   comment "ready", what a copy lacks, the last name, open, row "active"
 */
#ifndef BRANCH_MAKE_H
#define BRANCH_MAKE_H

#include "branch/branch.h"

/* Takes the lock and writes the row; row->work is set and owned by make_finish or make_abandon. */
bool make_begin(const struct branch_call *call, const struct branch_new *what, struct branch_row *row);

/* The same for a row that is there, which is "creating" then. */
bool make_begin_again(const struct branch_call *call, struct branch_row *row);

/* By CREATE DATABASE … TEMPLATE; the session of the work. BUSY where the template has sessions. */
bool make_copy(const struct branch_call *call, struct branch_row *row, const char *template);

bool make_empty(const struct branch_call *call, struct branch_row *row, const struct branch_locale *locale);

/* Gives it its name where it has the provisional one; a branch that has the name by now, as at a reset, is dropped. */
bool make_name(const struct branch_call *call, struct branch_row *row);

bool make_finish(const struct branch_call *call, struct branch_row *row);

/* Undoes what was made; reason "": it has done its service, and is "deleted" rather than "failed". A row that had a
 * database before, at a reset, has it still and is "active" again. */
bool make_abandon(const struct branch_call *call, struct branch_row *row, const char *reason);

/* A row that is "creating" and whose worker is gone: the session has its lock. */
bool make_recover(const struct branch_call *call, struct pg_session *maintenance, struct branch_row *row);

/* Of the work: the session, and what its database is called now. */
struct pg_session *make_session(const struct branch_row *row);
const char *make_database(const struct branch_row *row);

#endif
