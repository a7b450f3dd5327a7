/*
 * Showing a migration, and making a new one: what needs the project and no more of the database than it takes to know
 * the framework.
 */
#ifndef MIGRATION_PLAN_PREVIEW_H
#define MIGRATION_PLAN_PREVIEW_H

#include "migration/look/catalog.h"

struct preview {
    const char *filename; /* relative to the folder */
    uint32_t lines;       /* of the whole file; 0: it is too large to be counted */
    struct text content;  /* UTF-8, cut off behind LIMIT_SHOWN bytes */
    struct text sql;      /* the same of what is sent, where it is not the content as it is; else empty */
    const char *note;     /* NULL: nothing to say */
};

/* The script of one migration. NOT_FOUND with the nearest names. */
bool preview_migration(const struct request *request, const char *name, struct preview *preview);

struct created {
    const char *name;
    const char *file; /* relative to the project */
};

/* Makes an empty migration called after `name`. */
bool migration_create(const struct request *request, const char *name, struct created *created);

#endif
