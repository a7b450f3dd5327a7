/*
 * Which database the project itself names: in its schema, its tool's configuration, its .env. The worker has one of its
 * own; where they differ, somebody may be about to migrate another database than they think. Files are read as text,
 * never executed: what is computed is not found, and says nothing.
 */
#ifndef MIGRATION_LOOK_PROJECT_DATABASE_H
#define MIGRATION_LOOK_PROJECT_DATABASE_H

#include "migration/look/project_text.h"

/* All that the project says, for the framework with this id in the package `base` ("" for the project itself). An
 * environment variable counts as its tool would see it: the worker's environment, then the package's .env, then the
 * project's. */
void project_databases(struct arena *arena, const char *root, const char *base, const char *framework,
                       struct named_databases *databases);

/* NULL where the project names none or one of those that it names is this one; else the first that it names. */
const struct named_database *project_database_other(const struct named_databases *databases,
                                                    const struct conninfo *conninfo);

/* A .env of another environment (.env.local, .env.production, …) that names another database than this one, in a
 * sentence; NULL: none does. Which of them counts is the framework's word, or that of who starts it. */
const char *project_database_aside(struct arena *arena, const char *root, const char *base,
                                   const struct named_databases *databases, const struct conninfo *conninfo);

/* "localhost:5432/app (prisma/schema.prisma, line 3, by APP_DB_URL)" */
const char *named_database_text(struct arena *arena, const struct named_database *named);

#endif
