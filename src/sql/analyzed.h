/*
 * What a statement stores to be computed later (defaults, CHECKs, policies, the query of a view), as one query that a
 * server can be asked to analyze without running anything.
 */
#ifndef SQL_ANALYZED_H
#define SQL_ANALYZED_H

#include <stdbool.h>
#include <stddef.h>

/* How a query of ours for it begins: whoever finds it in the server's log, refused, sees what it was. */
#define SQL_ANALYZED_SELECT "SELECT /* read by a plan, not run */ "

struct sql_analyzed {
    const char *sql; /* analyzing it meets the errors that the statement would meet */
    /* Its columns become values of columns of the table, by assignment. Lists, separated by the character 31. */
    const char *becomes; /* their types, as in struct sql_need; "" for that of an existing column */
    const char *columns;
    const char *schema; /* of the table; NULL: unqualified */
    const char *name;
    size_t named; /* at least so many columns it must have, because the statement names them; 0: not said */
    bool reads;   /* it names relations */
};

#endif
