/*
 * Is there room for a copy? Only the machine of the server knows, and PostgreSQL tells nobody: where this is that
 * machine, its disk is asked; elsewhere it is unknown, and said to be.
 */
#ifndef BRANCH_DISK_H
#define BRANCH_DISK_H

#include "branch/branch.h"

/* Fails with FAILED_PRECONDITION and REASON_DISK where the disk of a database's tablespace is known to have less than
 * twice its size. Adds a warning where that is unknown. `copied`: its name. */
bool disk_has_room(const struct branch_call *call, struct pg_session *session, const char *copied,
                   struct words *warnings);

#endif
