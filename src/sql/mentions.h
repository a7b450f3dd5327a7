/*
 * What an SQL text mentions: its statements, and in them tables, functions, operators and types. For texts that come
 * from outside and may do certain things only: who asks holds each mention against what is allowed.
 */
#ifndef SQL_MENTIONS_H
#define SQL_MENTIONS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum sql_mention_kind {
    SQL_STATEMENT_MENTIONED, /* name: libpg_query's, "SelectStmt" */
    SQL_TABLE_MENTIONED,     /* not those that are names of WITH */
    SQL_FUNCTION_MENTIONED,
    SQL_OPERATOR_MENTIONED, /* also IN, LIKE, CASE x WHEN: they look for one */
    SQL_TYPE_MENTIONED,
    SQL_COLUMN_MENTIONED,    /* of CREATE TABLE: name, and type as pg_catalog calls it ("int8", "_text") */
    SQL_RESULT_MENTIONED,    /* a column of what a query by itself gives; name NULL: it says none; "*" */
    SQL_INTO_MENTIONED,      /* SELECT INTO */
    SQL_ROW_LOCK_MENTIONED,  /* SELECT FOR UPDATE and its kin */
    SQL_PARAMETER_MENTIONED, /* $1 */
};

struct sql_mention {
    enum sql_mention_kind kind;
    const char *schema; /* NULL: it is not said */
    const char *name;
    const char *type;
    bool has_arguments; /* of a function */
    bool is_inner;      /* of a statement: it is part of another one */
};

struct sql_mentions {
    struct sql_mention *items; /* in the order of the text */
    size_t count;
    size_t capacity;
    size_t statement_count;
};

/* The longest text that is looked at, in bytes. */
#define SQL_MENTIONS_LIMIT 8192

/* Reads a text of one or more statements. False and INVALID_ARGUMENT where it is too long or no SQL; the message is
 * PostgreSQL's. */
bool sql_mentions_of(struct arena *arena, struct text sql, struct sql_mentions *mentions, struct status *status);

#endif
