/*
 * How the catalogs are queried for each kind of demand (sql/demands.h).
 */
#ifndef MIGRATION_PLAN_FORESEE_DEMANDED_KINDS_H
#define MIGRATION_PLAN_FORESEE_DEMANDED_KINDS_H

#include "sql/demands.h"

#include <stdbool.h>

struct demanded_kind {
    const char *sql; /* its row, if there is one, is the sentence that tells the obstacle */
    int count;       /* of the values that it takes */
    bool is_of_type; /* these are: a type's schema or NULL, its name, the part */
    bool is_of_two;  /* these are: two relations; else a relation, the part, a word */
};

const struct demanded_kind *demanded_kind(enum sql_demand_kind kind);

#endif
