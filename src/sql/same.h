/*
 * Compares a statement of a script with one that the server printed. The server adds casts, parentheses and schemas
 * and leaves others out; what else differs, differs. Compares parse trees, in which parentheses are resolved.
 */
#ifndef SQL_SAME_H
#define SQL_SAME_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* Returns false also if one of them cannot be parsed. A name of the script with a schema that the server left out
 * counts as another one, except for "public" and "pg_catalog". */
bool sql_same_meaning(struct arena *arena, struct text script, struct text printed);

/* The same for CREATE FUNCTION and PROCEDURE: compares parameters, result, and the options that the script gives, other
 * than language, volatility, strictness, security and source. printed: by pg_get_functiondef. */
bool sql_same_function(struct arena *arena, struct text script, struct text printed);

#endif
