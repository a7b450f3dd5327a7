/*
 * The rows that a statement writes, as parts of one query that finds what is wrong with them.
 */
#ifndef MIGRATION_PLAN_FORESEE_WRITING_H
#define MIGRATION_PLAN_FORESEE_WRITING_H

#include "migration/plan/foresee/needs.h"
#include "sql/written.h"

#include <libpq-fe.h>

struct writing {
    struct needs *needs;
    const struct sql_written *written;
    const struct relation *relation;
    const char *table;       /* its name for our session, with ONLY unless it is partitioned */
    const PGresult *columns; /* written_columns_sql */
    struct buffer sql;
};

/* A part of the query: which of the statement's rows the message is about. */
struct writing_part {
    const char *message;
    const char *names;  /* the columns in question */
    const char *called; /* what they are called in `behind` */
    const char *behind; /* what follows the rows */
    bool is_of_values;  /* it is about the values, even if no row gets them */
};

/* The number of the column of this name; their number if it is not written. */
size_t writing_column(const struct writing *writing, struct text name);

/* Are these columns written, and of types that are compared? */
bool writing_has(const struct writing *writing, const char *names);

/* "w.a, w.b" with the prefix "w.". */
const char *writing_list(const struct writing *writing, const char *names, const char *prefix);

/* Adds the part; nothing if no row has constants in all of its columns. */
void writing_put(struct writing *writing, const struct writing_part *part);

#endif
