/*
 * The queries of moment_permitted.c. Each has these parameters, which are arrays of the same length: $1 roles (NULL:
 * the session's), $2 what is needed (sql/rights.h), $3 schemas, $4 names, $5 parts, $6 types, $7 the roles that get
 * something, or privileges, $8 search paths. Each of its rows is a sentence about a right that is missing.
 */
#ifndef MIGRATION_PLAN_CHECK_PERMITTED_QUERIES_H
#define MIGRATION_PLAN_CHECK_PERMITTED_QUERIES_H

#include "sql/needs.h"

#include <stddef.h>

struct permitted_query {
    enum sql_need_kind on; /* the kind of the things */
    const char *what;      /* for people: what is not known if it fails */
    const char *sql;
};

/* The query with this number, for a server of this version; NULL behind the last one. */
const struct permitted_query *permitted_query(size_t number, int server_version);

/* The same for those in permitted_others.c. */
const struct permitted_query *permitted_other_query(size_t number, int server_version);

#endif
