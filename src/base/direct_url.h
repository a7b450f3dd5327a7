/*
 * The variable that holds the URL for migrations in a project of Prisma, where the application's goes through a pooler:
 * Prisma's CLI takes directUrl of the datasource before url (up to 6), and url of prisma.config's datasource (7), as
 * its documentation on connection pooling says.
 */
#ifndef BASE_DIRECT_URL_H
#define BASE_DIRECT_URL_H

#include "base/arena.h"

/* The name of that variable, "DIRECT_URL", as it stands in prisma.config.* or in schema.prisma of the project's
 * directory; NULL: none is named, or the value is not a variable. */
const char *direct_url_variable(struct arena *arena, const char *project);

#endif
