/*
 * The rows of a statement, or the data of a COPY, one by one as they arrive.
 */
#ifndef PG_ROWS_H
#define PG_ROWS_H

#include "pg/session.h"

/* Receive the rows of one statement as they arrive, without storing them all: begin; next, until it gives NULL or
 * returns false; end (pg_rows_end), which cancels the rest. Do not use the session for anything else in between. */
bool pg_rows_begin(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status);
bool pg_rows_next(struct pg_session *session, PGresult **row, struct status *status);

/* The same for the data of COPY … TO STDOUT. Free *data with PQfreemem; it is NULL at the end. */
bool pg_copy_begin(struct pg_session *session, const char *sql, struct status *status);
bool pg_copy_next(struct pg_session *session, char **data, int *size, struct status *status);

/* Ends either; afterwards the session can be used again, or is lost. */
void pg_rows_end(struct pg_session *session);

#endif
