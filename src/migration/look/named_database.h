/*
 * A database as a project names it: what project_database.h finds.
 */
#ifndef MIGRATION_LOOK_NAMED_DATABASE_H
#define MIGRATION_LOOK_NAMED_DATABASE_H

#include <stddef.h>
#include <stdint.h>

/* A place in the project that names a database. Members that it does not say are NULL. */
struct named_database {
    const char *file;     /* relative to the project */
    uint32_t line;        /* 1-based; 0: the whole file */
    const char *variable; /* the environment variable that holds it; NULL: it stands there itself */
    const char *host;
    const char *port;
    const char *database;
};

struct named_databases {
    struct named_database *items;
    size_t count;
    size_t capacity;
};

#endif
