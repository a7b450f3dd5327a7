/*
 * Shows a migration, and creates a new one: needs the project, and of the database only the framework.
 */
#ifndef MIGRATION_PLAN_PREVIEW_H
#define MIGRATION_PLAN_PREVIEW_H

#include "migration/look/catalog.h"

struct preview {
    const char *filename; /* relative to the folder */
    uint32_t lines;       /* of the whole file; 0: too large to be counted */
    struct text content;  /* UTF-8, cut after LIMIT_SHOWN bytes */
    struct text sql;      /* what is sent, if that is not the content itself, cut likewise; else empty */
    const char *note;     /* NULL: nothing to say */
};

/* Reads the script of one migration. NOT_FOUND with the nearest names. */
bool preview_migration(const struct request *request, const char *name, struct preview *preview);

struct created {
    const char *name;
    const char *file; /* relative to the project */
};

/* Creates an empty migration named after `name`. */
bool migration_create(const struct request *request, const char *name, struct created *created);

#endif
