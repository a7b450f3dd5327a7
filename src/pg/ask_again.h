/*
 * Asks a server again what a trace has noted (pg/query_trace.h), in one message. Does it say the same?
 *
 * The rows of a large table need not be sent again. Once a digest of them, made by the server, was the noted one, it is
 * enough that the table has the same row versions: as many as then, and none that was made since (struct same_rows). A
 * row version never changes, and is visible to a later snapshot or deleted; one that an earlier snapshot did not see
 * was made by a transaction that this snapshot did not count as over, so its number (xmin) is not below the snapshot's
 * xmin. The rows in pg_class and pg_attribute that say how to read it count as part of the table. Only for an ordinary
 * table (see query_trace_reads) whose columns are of well-known types of pg_catalog, because the values of others may
 * follow from something else (the labels of an enum).
 */
#ifndef PG_ASK_AGAIN_H
#define PG_ASK_AGAIN_H

#include "pg/moment.h"
#include "pg/query_trace.h"

/* When the table was last known to have the rows that were noted. Zero at first. */
struct same_rows {
    uint64_t count; /* of row versions, with those of the catalogs */
    uint64_t xmin;  /* of the snapshot that saw them; 0: nothing is known yet */
};

/* Sends everything again, over any session of the same role whose settings are those of the noted one (pg_moment's
 * session tells). Returns false if an answer differs or cannot be had; else true, and *rows is renewed. The moment
 * before that, if the server told it, is in *moment in either case. Call it outside a transaction. */
bool ask_again(struct pg_session *session, const struct query_trace *trace, const struct pg_moment_question *question,
               struct same_rows *rows, struct pg_moment *moment);

#endif
