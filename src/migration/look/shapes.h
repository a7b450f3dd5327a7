/*
 * Which tables of the database are ledgers: by name and columns, with what must or must not stand beside them. A name
 * alone decides nothing: five frameworks use schema_migrations, four use migrations.
 */
#ifndef MIGRATION_LOOK_SHAPES_H
#define MIGRATION_LOOK_SHAPES_H

#include "migration/look/place.h"

#define MOST_CANDIDATES 8

/* A table of a ledger's shape. */
struct found_ledger {
    struct ledger ledger;
    const struct framework *candidates[MOST_CANDIDATES]; /* more than one where nothing tells them apart */
    size_t candidate_count;
    const char *evidence; /* for a person */
};

struct found_ledgers {
    struct found_ledger *items; /* by schema, then table */
    size_t count;
};

/* Looks for the usual names in every schema, for those that the folders' configurations say, and, where a framework of
 * a particular shape has a folder and no such ledger, or nothing at all is found, for tables of that shape under any
 * name. */
bool shapes_find(const struct request *request, struct pg_session *session, const struct folder_list *folders,
                 struct found_ledgers *ledgers);

bool found_ledger_is(const struct found_ledger *found, const struct framework *framework);

#endif
