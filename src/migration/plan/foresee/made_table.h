/*
 * A table that the plan makes, with the rows that it has written to it.
 */
#ifndef MIGRATION_PLAN_FORESEE_MADE_TABLE_H
#define MIGRATION_PLAN_FORESEE_MADE_TABLE_H

#include "migration/plan/foresee/needs.h"
#include "sql/effects.h"

/* What a row has in a column. */
struct made_cell {
    struct sql_value value; /* SQL_VALUE_COMPUTED: not known */
    const char *key;        /* the same for equal values of the column's type; NULL: NULL, or not comparable here */
};

struct made_column {
    struct sql_made_column is;
    long long next; /* of its sequence */
};

/* What the table demands of its rows. */
struct made_rule {
    struct sql_need need;
    struct word_set keys; /* of NO_DUPLICATES: those of the rows */
    bool has_unknown;     /* a row has a key that is not known */
};

struct needs_made {
    const char *schema; /* NULL: unqualified */
    const char *name;
    int altered; /* needs_times_altered() when it was made */
    struct made_column *columns;
    size_t width;
    size_t column_capacity;
    struct made_rule *rules;
    size_t rule_count;
    size_t rule_capacity;
    struct made_cell **rows;
    size_t row_count;
    size_t row_capacity;
    bool is_whole; /* it has no other rows */
    bool is_lost;  /* nothing is said of it any more: a statement fails at it, or was not understood */
};

/* The table, if the plan has made it under this name, and it is as it was made since; NULL: not known. */
struct needs_made *made_table_find(const struct needs *needs, const char *schema, const char *name);

/* The number of the column; the table's width: there is none. */
size_t made_table_column(const struct needs_made *made, struct text name);

/* The cell for a value of this column. *why is set if it is none of the type. */
struct made_cell made_table_cell(struct needs *needs, const struct made_column *column, const struct sql_value *value,
                                 const char **why);

/* The key of a row in these columns (separated by the character 31), in the needs' arena; NULL: a value is not known,
 * or it is NULL. *has_null: it is, and all others are known. */
const char *made_table_key(const struct needs *needs, const struct needs_made *made, const struct made_cell *row,
                           const char *columns, bool *has_null);

/* These rows, as far as their values in the columns are known, as "(VALUES …) AS t (a, b)"; NULL: there are none, or a
 * type is not built-in. */
const char *made_table_values(const struct needs *needs, const struct needs_made *made, struct made_cell *const *rows,
                              size_t count, const char *columns);

#endif
