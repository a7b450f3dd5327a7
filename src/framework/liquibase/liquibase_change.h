/*
 * A changeset of Liquibase once it is read: its SQL, what is sent of it, and its checksums.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGE_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGE_H

#include "framework/liquibase/liquibase_split.h"
#include "framework/liquibase/liquibase_value.h"

/* A change `sql` or `sqlFile`. */
struct liquibase_change {
    struct text sql; /* as it is written */
    size_t line;     /* of the file, where it begins */
    struct liquibase_cut cut;
    bool is_formatted;   /* has lines that are directives */
    bool is_skipped;     /* for another database; counts for checksums of version 8 */
    bool is_literal;     /* no properties are replaced */
    bool sum_is_literal; /* not for the checksum */
};

struct liquibase_changeset {
    const char *id;
    const char *author;
    const char *path;        /* as the ledger has it */
    const char *description; /* "sql; sql" */
    const char *comments;
    const char *contexts; /* NULL: none; so the next one */
    const char *labels;
    struct liquibase_change *changes;
    size_t change_count;
    const struct liquibase_property *properties; /* those of the files so far */
    size_t property_count;
    const char **valid_sums; /* what its author accepts besides */
    size_t valid_sum_count;
    const char *reason; /* why only Liquibase can run it; NULL: we can */
    bool has_others;    /* than SQL: a checksum of theirs is not known here */
    bool alone;         /* runInTransaction:false */
};

/* "9:…" (Liquibase 4.22 and later) or "8:…" (before) of a changeset all of whose changes are SQL. */
const char *liquibase_sum(struct arena *arena, const struct liquibase_changeset *changeset, int version);

/* What is sent, each change on the lines that it has in its file. */
struct text liquibase_sql_of(struct arena *arena, const struct liquibase_changeset *changeset);

/* Why a change cannot be cut as Liquibase cuts it; NULL: it can. */
const char *liquibase_refuses(struct arena *arena, const struct liquibase_changeset *changeset,
                              const struct liquibase_change *change);

#endif
