/*
 * Whether a statement of a script surely means something else than one that the server printed. What is written in
 * another way may mean the same (sql/same.h); but where both have the same form, another number, column, function or
 * option is another meaning.
 */
#ifndef SQL_DIFFERS_H
#define SQL_DIFFERS_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* Returns false if that is not known, and if one of them cannot be parsed. strings_are_exact: a string constant stands
 * for itself, as for a column of type text or an enum; the server writes dates, numbers, JSON, … in its own way. */
bool sql_differs_surely(struct arena *arena, struct text script, struct text printed, bool strings_are_exact);

#endif
