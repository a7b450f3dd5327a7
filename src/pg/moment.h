/*
 * A moment in the life of a server, as a session sees it. Between two equal moments nothing was committed in the whole
 * cluster and no setting was loaded, so that every ordinary table and every catalog has the same rows for this session:
 * what it read in between it would read again.
 *
 * Sources: a row is visible or not by the transactions that made and deleted it and by the reader's snapshot alone
 * (PostgreSQL, 13.1 and 73.6), and each transaction that writes a row or a catalog has a number. While no transaction
 * below the snapshot's xmax is in progress (xmin = xmax, and only then is there a moment), each one that commits later
 * raises xmax. That is true on a standby, too, whose snapshots do not name those in progress.
 *
 * Not covered, so that the caller must know that what it read has none of it: foreign tables, tables of another access
 * method than heap, functions that read outside of the database or the clock (a view may use either), and sequences.
 */
#ifndef PG_MOMENT_H
#define PG_MOMENT_H

#include "pg/exec.h"
#include "pg/session.h"

#define PG_MOMENT_SIZE  64
#define PG_SETTING_SIZE 96

struct pg_moment {
    char snapshot[PG_MOMENT_SIZE]; /* "": there is no moment, because transactions are in progress */
    char setting[PG_SETTING_SIZE]; /* the session, and when its settings were loaded; "": a pooler stands between, or
                                      the server is not PostgreSQL, and then there is no moment either */
};

/* What is asked. */
struct pg_moment_question {
    const char *table; /* quoted; the moment is wanted only if it can be read without waiting for a lock; NULL: none */
    struct pg_meanwhile meanwhile;
};

/* Asks for the present moment, outside of a transaction. Returns false with a status if the server does not tell, or if
 * somebody has locked the table; the session can be used again, or is lost. */
bool pg_moment_now(struct pg_session *session, const struct pg_moment_question *question, struct pg_moment *moment,
                   struct status *status);

/* Are they equal, and moments? */
bool pg_moment_is(const struct pg_moment *a, const struct pg_moment *b);

/* Are they of one session, with the same settings? */
bool pg_moment_is_of_same(const struct pg_moment *a, const struct pg_moment *b);

/* For others who ask in one message (pg/query_trace.h): appends statements that end with COMMIT, of which the result of
 * the last but one is to be taken. Returns how many statements there are, 0 if the session does not keep them. */
size_t moment_put(struct buffer *sql, const struct pg_session *session, const char *table);
void moment_take(const struct pg_session *session, const PGresult *result, struct pg_moment *moment);

#endif
