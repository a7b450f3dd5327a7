/*
 * What becomes of values when the type of their column changes: kept, rounded, cut, or in the way. By the casts of
 * PostgreSQL 13 to 18; tests/service/test_plan_types.py compares it with the installed servers, over rows. Two things
 * count as nothing: blanks at the end of a char(n), which have no meaning, and years beyond 294276 in a date.
 */
#ifndef SQL_CONVERSION_H
#define SQL_CONVERSION_H

#include "sql/types.h"

struct sql_conversion {
    const char *loses; /* "are rounded to 2 decimals": what happens to values that do not fit; NULL: all are kept */
    const char *fails; /* "A value of more than 3 characters"; NULL: none makes the statement fail */
    const char *state; /* the SQLSTATE then */
};

/* From one type to another, in the arena. is_cast: by an explicit cast, which cuts strings that are too long; false: by
 * assignment, for which they are an error. Types that are not known lose, and may fail. */
struct sql_conversion conversion_of(struct arena *arena, const struct sql_type *from, const struct sql_type *to,
                                    bool is_cast);

/* One after the other: the first that loses, and the first that fails. */
struct sql_conversion conversion_then(struct sql_conversion first, struct sql_conversion second);

#endif
