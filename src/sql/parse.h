/*
 * One statement's parse tree (parse_tree.h reads it), by libpg_query.
 */
#ifndef SQL_PARSE_H
#define SQL_PARSE_H

#include "base/arena.h"
#include "base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of a statement: parsing needs up to 700 times as much memory, and 300 ms. */
#define SQL_PARSE_LIMIT ((size_t)64 * 1024)

/* The major version of the built-in PostgreSQL grammar: 15. */
int sql_grammar_version(void);

/* Parses one statement; the caller releases the tree. NULL if there is none: it is empty, must not be parsed
 * (sql_may_be_parsed), or is not accepted. arena: for a copy of the text. */
json_t *sql_parse(struct arena *arena, struct text statement);

/* The same for a text of any number of statements that may be parsed. *error: what the parser says against it; NULL:
 * nothing. */
json_t *sql_parse_checked(struct arena *arena, struct text text, const char **error);

/* Returns false for what libpg_query must not parse: too long, too deeply nested, broken, or not UTF-8. */
bool sql_may_be_parsed(struct text statement);

/* The same for callers with more memory and stack: `most` bytes, `levels` of nesting. */
bool sql_may_be_parsed_up_to(struct text statement, size_t most, size_t levels);

#endif
