/*
 * --create-database: creates a missing database, connected to the one that every server has.
 */
#ifndef WORKER_CREATE_DATABASE_H
#define WORKER_CREATE_DATABASE_H

#include "pg/conninfo.h"

/* Connects, and if the database does not exist, creates it as the URL's role with the server's defaults and sets
 * *created. Fails if the server cannot be reached or does not allow it. */
bool database_create(struct arena *arena, const struct conninfo *conninfo, bool *created, struct status *status);

#endif
