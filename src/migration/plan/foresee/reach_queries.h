/*
 * The query for each kind of reach. Its rows are: oid; the lock on it (0: it is only dropped); whether it is dropped;
 * its name; its kind; whether others read or write it.
 */
#ifndef MIGRATION_PLAN_FORESEE_REACH_QUERIES_H
#define MIGRATION_PLAN_FORESEE_REACH_QUERIES_H

#include "sql/effects.h"

struct reach_query {
    const char *sql;
    bool cascades; /* has a $7, with this value */
    bool has_cascade;
    bool says_found; /* a row of 0 means that the object exists */
};

/* Never NULL. */
const struct reach_query *reach_query(enum sql_reach_kind kind);

#endif
