/*
 * Asking without waiting for others. What the server prints of a definition (pg_get_viewdef and its kin, but for an
 * expression without a relation) and the size of a table it gives only behind a lock, for which it waits as long as
 * somebody keeps the table for himself.
 */
#ifndef PG_BRIEFLY_H
#define PG_BRIEFLY_H

/* SQL, for a value that a query goes through before it comes to such a function: the query fails with 55P03 where it
 * would have to wait for longer. Outside of a transaction: to its end the limit is every statement's. */
#define PG_BRIEFLY(value)                                                                                              \
    "CASE WHEN pg_catalog.set_config('lock_timeout', '100ms', true) IS NOT NULL THEN " value " END"

#endif
