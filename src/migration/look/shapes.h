/*
 * Which tables of the database are ledgers: by name and columns, with what must or must not stand beside them. A name
 * alone decides nothing: five frameworks use schema_migrations, four use migrations. Where a project says which table
 * it is, one that an older or newer version of the tool made, or that a team has changed, is fitted: see shape_fit.
 */
#ifndef MIGRATION_LOOK_SHAPES_H
#define MIGRATION_LOOK_SHAPES_H

#include "framework/core/layout.h"
#include "migration/look/session_facts.h"

#define MOST_CANDIDATES 8

/* A column of a table. */
struct table_column {
    const char *name;
    const char *type;  /* as pg_catalog calls it, "varchar"; "schema.type" for any other */
    bool is_demanding; /* NOT NULL and nothing fills it: who inserts must give it */
    bool is_generated; /* the server alone fills it: who inserts must not give it */
};

/* A table or view that may be a ledger. */
struct table {
    const char *schema;
    const char *name;
    const char *owner;
    struct table_column *columns;
    size_t column_count;
    const char *no_table; /* what it is where it is no table and no view: "a sequence"; NULL: it is one */
    bool is_foreign;      /* in another server: it cannot be locked */
    bool is_writable;     /* rows can be inserted, beside a lock; false for many views */
    bool is_readable;     /* this role may read all of it */
    bool is_policed;      /* row-level security hides rows from this role */
    bool is_trusted;      /* by its owner: this role, one that it is a member of, a superuser, the database's owner */
    bool is_schemas_own;  /* its owner is that of its schema */
    bool has_key;         /* a primary key or a unique index */
    const char *foreign_code; /* "the trigger t on a.b with the function c.d() of role": what runs when it is read or
                                 written and is a role's who is neither trusted nor the owner; NULL: nothing */
};

struct tables {
    struct table *items;
    size_t count;
};

/* A table of a ledger's shape. */
struct found_ledger {
    struct ledger ledger;
    const struct table *table;
    const struct framework *candidates[MOST_CANDIDATES]; /* more than one where nothing tells them apart */
    size_t candidate_count;
    bool is_declared;     /* the project says whose it is */
    const char *evidence; /* for a person */
};

struct found_ledgers {
    struct found_ledger *items; /* by schema, then table */
    size_t count;
    struct tables tables; /* all that were looked at: those of a ledger's name, and then some */
};

/* Whose ledgers are looked for. */
struct shapes_wanted {
    const struct framework *const *all; /* NULL-terminated */
    const struct folder_list *folders;
    const char *tables[2]; /* names that were said otherwise; NULL: none */
};

/* Looks, for each framework, for the usual names in every schema, for those that the folders' configurations or
 * wanted->tables say, and, where a framework of a particular shape
 * has a folder and no such ledger, or nothing at all is found, for tables of that shape under any name. Inside of a
 * reading transaction: session_facts.h. */
bool shapes_find(const struct request *request, struct pg_session *session, const struct shapes_wanted *wanted,
                 struct found_ledgers *ledgers);

bool found_ledger_is(const struct found_ledger *found, const struct framework *framework);

/* The table at this place; NULL: none was looked at. */
const struct table *tables_at(const struct tables *tables, const struct ledger *place);

/* How a table that is in the ledger's place fits the framework's ledgers. */
struct shape_fit {
    bool fits;
    const char *difference; /* where it does not: what is wrong with it */
    const char *as_read;    /* a query that gives it the columns that the framework's tool makes; NULL: it has them */
    const char *lacks;      /* columns that the tool's version has and this has not, "a, b"; NULL: none */
    const char *demands;    /* columns that a row would not fill and that must be filled; NULL: none */
    const char *generated;  /* columns that a row would fill and that the server alone may fill; NULL: none */
};

/* Columns of other types are read as the framework's types where their values can be; a column that some versions of
 * the tool do not have may be missing; more than the tool makes may be there. */
struct shape_fit shape_fit(struct arena *arena, const struct framework *framework, const struct table *table);

/* The same of a table that has exactly the columns of one of its shapes: only what keeps a row from being written. */
struct shape_fit shape_fit_exact(struct arena *arena, const struct framework *framework, const struct table *table);

#endif
