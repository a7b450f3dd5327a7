/*
 * Queries that do not wait for other sessions' locks. pg_get_viewdef and similar functions (except for an expression
 * without a relation), and the functions for a table's size, take a lock, and would wait as long as somebody holds an
 * exclusive one.
 */
#ifndef PG_BRIEFLY_H
#define PG_BRIEFLY_H

/* SQL that wraps a value which a query evaluates before it calls such a function: the query fails with 55P03 if it
 * would have to wait longer. Use it outside a transaction: the limit applies to all statements until the transaction's
 * end. */
#define PG_BRIEFLY(value)                                                                                              \
    "CASE WHEN pg_catalog.set_config('lock_timeout', '100ms', true) IS NOT NULL THEN " value " END"

#endif
