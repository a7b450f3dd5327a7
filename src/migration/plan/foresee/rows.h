/*
 * Looks at the rows of users' tables, shortly: large tables are not read to their end. Nobody's code runs, and no
 * policy hides a row.
 */
#ifndef MIGRATION_PLAN_FORESEE_ROWS_H
#define MIGRATION_PLAN_FORESEE_ROWS_H

#include "migration/plan/foresee/needs.h"
#include "sql/written.h"

enum rows_answer {
    ROWS_NOT_KNOWN, /* not allowed, locked, too many */
    ROWS_NONE,
    ROWS_FOUND,
    ROWS_REFUSED, /* a value of some row is an error for the query */
};

struct row_columns {
    const char *list;    /* "a, b", quoted if necessary */
    const char *present; /* "a IS NOT NULL AND b IS NOT NULL" */
};

/* The table's name for our session, if its rows are as they will be when the statement runs; NULL: not known. */
const char *rows_readable(struct needs *needs, const char *schema, const char *table, const struct relation **relation);

/* The same, if earlier statements may have added rows, but have left those that are there as they are. */
const char *rows_added(struct needs *needs, const char *schema, const char *table, const struct relation **relation);

/* Fills in the columns (separated by the character 31). False if one is not known, or not of a type of PostgreSQL's. */
bool rows_columns(struct needs *needs, const struct relation *relation, const char *columns, struct row_columns *found);

/* The columns of its primary key, separated by the character 31; NULL: it has none, or it is not known. */
const char *rows_primary_key(struct needs *needs, const struct relation *relation);

/* "c.a = p.x AND c.b = p.y" for the columns `own` of the child c and `referred` of the parent p, in their order. NULL
 * if the lists differ in length, or a column is one for which rows_columns() is false. */
const char *rows_joined(struct needs *needs, const struct relation *child, const char *own,
                        const struct relation *parent, const char *referred);

/* The table's name with ONLY, unless it is partitioned: a foreign key is of one table, or of one with its partitions.
 */
const char *rows_own(struct arena *arena, const struct relation *relation, const char *table);

/* Puts a value that is known, as SQL. */
void rows_put_value(struct buffer *sql, const struct sql_value *value);

/* The value (an expression) as a column of the type, by format_type(), gets it by assignment: unlike a cast, that does
 * not cut strings. */
const char *rows_assigned(struct arena *arena, const char *value, const char *type);

/* May an earlier statement have set what a string means that is read as this type? DateStyle, TimeZone, IntervalStyle
 * and lc_monetary do for some types, standard_conforming_strings for all. */
bool rows_reads_otherwise(const struct needs *needs, const char *type);

/* Does the query give a row? It must call nothing but PostgreSQL's own functions. */
enum rows_answer rows_find(struct needs *needs, const char *sql);

/* The first field of its first row, in the needs' arena, under the same condition; NULL: no row, NULL, or no answer. */
const char *rows_value(struct needs *needs, const char *sql);

/* Its rows, under the same condition; NULL: no answer, and if it was refused because of a value, *state is the
 * SQLSTATE, else NULL. Release it with PQclear. */
PGresult *rows_look(struct needs *needs, const char *sql, const char **state);

/* As rows_find(); *state is the SQLSTATE if it was refused. */
enum rows_answer rows_compute(struct needs *needs, const char *sql, const char **state);

/* Do the relation's CHECKs exclude rows that fulfil the condition? Its own rows, not those of its children; no row is
 * read. The condition must call nothing but PostgreSQL's own functions. */
bool rows_excluded(struct needs *needs, const struct relation *relation, const char *condition);

#endif
