/*
 * Which database the project itself names: in its schema, its tool's configuration or its .env. If that is not the
 * worker's database, somebody may be about to migrate another database than they think. Files are read as text and
 * never executed, so computed values are not found.
 */
#ifndef MIGRATION_LOOK_PROJECT_DATABASE_H
#define MIGRATION_LOOK_PROJECT_DATABASE_H

#include "migration/look/project_search.h"
#include "pg/conninfo.h"

/* Finds all databases that the project names for this framework (its id). base: the package's folder, "" for the
 * project itself. An environment variable has the value that the tool would see: the worker's environment first, then
 * the package's .env, then the project's. */
void project_databases(struct arena *arena, const char *root, const char *base, const char *framework,
                       struct named_databases *databases);

/* Returns NULL if the project names no database, or this one among others; else the first that it names. */
const struct named_database *project_database_other(const struct named_databases *databases,
                                                    const struct conninfo *conninfo);

/* Returns a sentence if the project names no database that can be read, but one that is put together at run time from
 * what is not known here; NULL otherwise. */
const char *project_database_unread(struct arena *arena, const struct named_databases *databases,
                                    const struct conninfo *conninfo);

/* The same if it names none but by a setting, of a file that may have other meanings, whose value is computed. */
const char *project_database_computed(struct arena *arena, const struct named_databases *databases,
                                      const struct conninfo *conninfo);

/* Returns a sentence about a .env file of another environment (.env.local, .env.production, …) that names another
 * database than this one; NULL: there is none. Which .env is used depends on the framework and on who starts it. */
const char *project_database_aside(struct arena *arena, const char *root, const char *base,
                                   const struct named_databases *databases, const struct conninfo *conninfo);

/* "localhost:5432/app (prisma/schema.prisma, line 3, by APP_DB_URL)" */
const char *named_database_text(struct arena *arena, const struct named_database *named);

#endif
