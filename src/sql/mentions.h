/*
 * What an SQL text mentions: its statements, and in them tables, functions, operators and types. For foreign texts that
 * may do only certain things: the caller compares each mention with what is allowed.
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
    SQL_TABLE_MENTIONED,     /* without names of WITH */
    SQL_FUNCTION_MENTIONED,
    SQL_OPERATOR_MENTIONED, /* also for IN, LIKE, CASE x WHEN, which look one up */
    SQL_TYPE_MENTIONED,
    SQL_COLUMN_MENTIONED,    /* in CREATE TABLE: name, and type as in pg_catalog ("int8", "_text") */
    SQL_RESULT_MENTIONED,    /* a result column of a top-level query; name NULL: unnamed; "*" */
    SQL_INTO_MENTIONED,      /* SELECT INTO */
    SQL_ROW_LOCK_MENTIONED,  /* SELECT FOR UPDATE and similar */
    SQL_PARAMETER_MENTIONED, /* $1 */
};

struct sql_mention {
    enum sql_mention_kind kind;
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *type;
    bool has_arguments; /* of a function */
    bool is_inner;      /* the statement is part of another one */
};

struct sql_mentions {
    struct sql_mention *items; /* in the order of the text */
    size_t count;
    size_t capacity;
    size_t statement_count;
};

/* The longest text that is parsed, in bytes. */
#define SQL_MENTIONS_LIMIT 8192

/* Parses a text of one or more statements. Fails with INVALID_ARGUMENT if it is too long or no valid SQL, with
 * PostgreSQL's message. */
bool sql_mentions_of(struct arena *arena, struct text sql, struct sql_mentions *mentions, struct status *status);

#endif
