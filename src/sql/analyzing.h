/*
 * Internals of effects_analyzed.c and effects_analyzed_statements.c: the query for what a statement stores
 * (analyzed.h), while it is put together.
 */
#ifndef SQL_ANALYZING_H
#define SQL_ANALYZING_H

#include "base/text.h"
#include "sql/parse_tree.h"

struct effects_reader;

struct analyzing {
    struct effects_reader *reader;
    const char *table;     /* the name under which its columns may be qualified; NULL: none */
    const char *from;      /* what is behind FROM; NULL: not known, or, of a whole table, not written yet */
    struct buffer values;  /* the columns of the query, */
    struct buffer becomes; /* with their types, */
    struct buffer columns; /* and their names */
    struct buffer alone;   /* conditions without a table */
    struct buffer within;  /* conditions over the table */
    size_t count;          /* of the columns */
    const json_t *made;    /* the columns that the statement makes */
    bool is_whole;         /* they are all of its table's, which it makes */
};

/* A list of names, in quotes and with dots. */
void analyzing_put_names(struct buffer *text, const json_t *names);

/* The type, by the body of its TypeName, without its modifiers; NULL: it cannot be written. */
const char *analyzing_type(const struct effects_reader *reader, const json_t *type);

/* The table is this one (the body of a RangeVar). */
void analyzing_begin_at(struct analyzing *analyzing, const json_t *range);

/* A query with the columns that the statement makes; "" if it makes none, NULL if the type of one cannot be written. */
const char *analyzing_made_columns(const struct analyzing *analyzing);

/* Adds a condition. */
void analyzing_put(struct buffer *conditions, const char *before, const char *text, const char *after);

/* Adds what is computed for each row; text: that of the expression, NULL: it is not known. is_value: it may be of any
 * type; else it is a condition. */
void analyzing_row(struct analyzing *analyzing, const char *text, json_t *expression, bool is_value);

/* The statement fails, for the reason `what`, if the expression contains a query. */
void analyzing_forbid(struct analyzing *analyzing, json_t *expression, const char *what);

/* Is it a string constant, or NULL? Such a value gets its type from where it stands. */
bool analyzing_is_untyped(const json_t *value);

/* A default. type: the body of a TypeName; NULL: that of the column as it is in the table. column: "" for a domain. */
void analyzing_default(struct analyzing *analyzing, const json_t *type, const char *column, json_t *value, size_t from);

/* The expression of a constraint, behind the word "check", or of a generated column, behind "as". */
void analyzing_check(struct analyzing *analyzing, const json_t *constraint, const char *word);

/* The COLLATE, and the length or precision, of a type. */
void analyzing_collation(struct analyzing *analyzing, const json_t *type, const json_t *clause);
void analyzing_size(struct analyzing *analyzing, const json_t *type);

/* An element of CREATE TABLE, or what ALTER TABLE adds. */
void analyzing_element(struct analyzing *analyzing, const json_t *element);

#endif
