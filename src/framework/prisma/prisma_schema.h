/*
 * What a schema and the installed version of Prisma say about the folder of migrations.
 */
#ifndef FRAMEWORK_PRISMA_PRISMA_SCHEMA_H
#define FRAMEWORK_PRISMA_PRISMA_SCHEMA_H

#include "framework/core/package.h"

#define PRISMA_UNKNOWN 0 /* version: nothing says which */
#define PRISMA_WITH_OWN_LISTING                                                                                        \
    6006                          /* 6.6: the CLI lists migrations itself, and looks for them beside the datasource */
#define PRISMA_BESIDE_SCHEMA 7000 /* 7.0: they are in the schema's folder, wherever the datasource is */

/* The version of Prisma in this package, as 1000 * major + minor: the one that is installed, else the newest that
 * package.json allows; of the package, else of the project. PRISMA_UNKNOWN: neither says it. */
int prisma_version(struct arena *arena, const struct folder *folder);

/* Is this version older than another? An unknown one is not. */
bool prisma_is_before(int version, int other);

/* The folder of migrations that belongs to a schema, relative to the package as the schema is: beside a file; of a
 * folder with schema files one of three places, by the version, if that exists. It need not exist. */
const char *prisma_beside_schema(struct arena *arena, const struct folder *package, const char *schema);

#endif
