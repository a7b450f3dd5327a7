/*
 * Asks a server again what a trace has noted (pg/query_trace.h), in one message. Does it say the same?
 *
 * The rows of a large table need not be sent again. Once they were the noted ones in some snapshot (by a digest that
 * the server makes), it is enough that the table has the same row versions: as many as then, and none that was made
 * since. A row version never changes, and is visible to a later snapshot or deleted; one that an earlier snapshot did
 * not see was made by a transaction that this snapshot did not count as over, so its number (xmin) is not below the
 * snapshot's xmin. The rows in pg_class and pg_attribute that say how to read it count as part of the table. Only for a
 * heap without children and policies, whose columns are of well-known types of pg_catalog, because the values of others
 * may follow from something else (the labels of an enum).
 */
#ifndef PG_ASK_AGAIN_H
#define PG_ASK_AGAIN_H

#include "pg/moment.h"
#include "pg/query_trace.h"

/* When a table was last known to have the rows that were noted. */
struct same_table {
    uint64_t count; /* of row versions, with those of the catalogs */
    uint64_t xmin;  /* of the snapshot that saw them; 0: nothing is known yet */
};

/* For each table of a trace. Zero at first. */
struct same_rows {
    struct same_table items[TRACE_TABLES];
};

/* Is a nowhere older than b? */
bool same_rows_are_newer(const struct same_rows *a, const struct same_rows *b);

/* Sends everything again, over any session of the same role whose settings are those of the noted one (pg_moment's
 * session tells). Returns false if an answer differs or cannot be had; else true, and *rows is renewed. The moment
 * before that, if the server told it, is in *moment in either case. Call it outside a transaction. */
bool ask_again(struct pg_session *session, const struct query_trace *trace, const struct pg_moment_question *question,
               struct same_rows *rows, struct pg_moment *moment);

#endif
