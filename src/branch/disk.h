/*
 * Is there room for a copy? PostgreSQL does not tell. If the server is this machine, its disk is examined; otherwise
 * the answer is unknown, and a warning says so.
 */
#ifndef BRANCH_DISK_H
#define BRANCH_DISK_H

#include "branch/branch.h"

/* Fails with FAILED_PRECONDITION and REASON_DISK if the disk of the database's tablespace is known to have less free
 * space than twice the database's size. Adds a warning if that is not known. `copied`: the database's name. */
bool disk_has_room(const struct branch_call *call, struct pg_session *session, const char *copied,
                   struct words *warnings);

#endif
