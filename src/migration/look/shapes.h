/*
 * Finds the tables that are ledgers: by name and columns, and by what must or must not exist beside them. A name alone
 * decides nothing: five frameworks use schema_migrations, four use migrations. If the project names its table, one that
 * an older or newer version of the tool made, or a team changed, is accepted; see shape_fit.
 */
#ifndef MIGRATION_LOOK_SHAPES_H
#define MIGRATION_LOOK_SHAPES_H

#include "framework/core/layout.h"
#include "migration/look/tables.h"

#define MOST_CANDIDATES 8

/* A table of a ledger's shape. */
struct found_ledger {
    struct ledger ledger;
    const struct table *table;
    const struct framework *candidates[MOST_CANDIDATES]; /* more than one if nothing distinguishes them */
    size_t candidate_count;
    bool is_declared;     /* the project names the table */
    const char *evidence; /* a sentence for people */
};

struct found_ledgers {
    struct found_ledger *items; /* by schema, then table */
    size_t count;
    struct tables tables; /* all tables that were examined */
};

/* Which ledgers to look for. */
struct shapes_wanted {
    const struct framework *const *all; /* NULL-terminated */
    const struct folder_list *folders;
    const char *tables[2]; /* further table names; NULL: none */
};

/* Finds ledgers. For each framework it looks, in every schema, for the usual names and for those that the folders'
 * configurations or wanted->tables give; and for tables of the framework's shape under any name, if its shape is
 * distinctive and it has a folder but no such ledger, or if nothing is found at all. Call it inside a reading
 * transaction (session_facts.h). */
bool shapes_find(const struct request *request, struct pg_session *session, const struct shapes_wanted *wanted,
                 struct found_ledgers *ledgers);

bool found_ledger_is(const struct found_ledger *found, const struct framework *framework);

/* The ledger that this table was found to be; NULL: it has no ledger's shape. */
const struct found_ledger *found_ledger_of(const struct found_ledgers *ledgers, const struct table *table);

/* How a table in the ledger's place fits the framework's ledgers. */
struct shape_fit {
    bool fits;
    const char *difference; /* if it does not fit: why */
    const char *as_read; /* a query that yields the columns that the framework's tool makes; NULL: the table has them */
    const char *lacks;   /* columns of the tool's version that the table does not have, "a, b"; NULL: none */
    const char *demands; /* columns that need a value and would get none from a ledger row; NULL: none */
    const char *generated; /* generated columns that a ledger row would set; NULL: none */
};

/* Judges a table. Columns of other types are read as the framework's types if the values allow it; columns that some
 * versions of the tool do not have may be missing; additional columns are allowed. */
struct shape_fit shape_fit(struct arena *arena, const struct framework *framework, const struct table *table);

/* The same for a table with exactly the columns of one of the framework's shapes: finds only what prevents a row from
 * being written. */
struct shape_fit shape_fit_exact(struct arena *arena, const struct framework *framework, const struct table *table);

/* Would a project that declares its framework name a table of PostgreSQL or of Truss itself, in this schema? Such a
 * table is nobody's tracking table: reading it would show what it holds, and a row in it could be an approval. */
bool shapes_is_reserved(const struct request *request, const struct framework *framework, const char *schema);

#endif
