/*
 * A parsed changeset of Liquibase: its SQL, what is sent, and its checksums.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGE_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGE_H

#include "framework/liquibase/liquibase_split.h"
#include "framework/liquibase/liquibase_value.h"

/* A change `sql` or `sqlFile`. */
struct liquibase_change {
    struct text sql; /* as written */
    size_t line;     /* where it begins in the file */
    struct liquibase_cut cut;
    bool is_formatted;   /* contains directives in comment lines */
    bool is_skipped;     /* for another database; still counts for checksums of version 8 */
    bool is_literal;     /* properties are not replaced */
    bool sum_is_literal; /* not for the checksum */
};

struct liquibase_changeset {
    const char *id;
    const char *author;
    const char *path;        /* as in the ledger */
    const char *description; /* "sql; sql" */
    const char *comments;
    const char *contexts; /* NULL: none; likewise the next */
    const char *labels;
    struct liquibase_change *changes;
    size_t change_count;
    const struct liquibase_property *properties; /* known up to here */
    size_t property_count;
    const char **valid_sums; /* further checksums that its author accepts */
    size_t valid_sum_count;
    const char *reason; /* why only Liquibase can run it; NULL: we can */
    bool has_others;    /* it has changes whose checksums we cannot compute: other than SQL, or of a computed value */
    bool alone;         /* runInTransaction:false */
};

/* "9:…" (Liquibase 4.22 and later) or "8:…" (before), for a changeset that consists of SQL only. */
const char *liquibase_sum(struct arena *arena, const struct liquibase_changeset *changeset, int version);

/* What is sent; each change is on the lines that it has in its file, of which those in front of the first change,
 * *lines, are left out: a file of thousands of changesets would be sent thousands of times. *torn: where Liquibase
 * fails because it cuts a change in the wrong places, a sentence that begins with the line; NULL: nowhere. */
struct text liquibase_sql_of(struct arena *arena, const struct liquibase_changeset *changeset, size_t *lines,
                             const char **torn);

/* The property with a computed value that a change has; NULL: none. */
const char *liquibase_computed(const struct liquibase_changeset *changeset, const struct liquibase_change *change);

/* Why we cannot split a change as Liquibase does; NULL: we can. */
const char *liquibase_refuses(struct arena *arena, const struct liquibase_changeset *changeset,
                              const struct liquibase_change *change);

#endif
