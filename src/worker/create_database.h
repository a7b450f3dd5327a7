/*
 * --create-database: a database that is missing is made, over the one that every server has.
 */
#ifndef WORKER_CREATE_DATABASE_H
#define WORKER_CREATE_DATABASE_H

#include "pg/conninfo.h"

/* Connects; where the server has no database of this name, makes it, as the role of the URL and with the server's own
 * settings, and sets *created. False and a status where the server cannot be reached or does not allow it. */
bool database_create(struct arena *arena, const struct conninfo *conninfo, bool *created, struct status *status);

#endif
