/*
 * Sends a trace again. All is one simple message, so that it takes one round trip; results come in the order of the
 * statements, and how many each noted one has is known.
 */
#include "pg/ask_again.h"

#include "pg/exec_private.h"
#include "pg/kept.h"
#include "pg/query_trace_private.h"
#include "pg/receive.h"
#include "pg/search.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_XIDS UINT64_C(2000000000) /* xids have 32 bits, and are told apart within 2^31 of them */
#define FIRST_XID 3                    /* FirstNormalTransactionId: a snapshot's xmin is none of the special ones */

/* A transaction with one snapshot. The statements before it in the message are in one already, which must end. */
#define BESIDE        "BEGIN;COMMIT;BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
#define BESIDE_BEFORE 3 /* statements */
#define BESIDE_BEHIND 2 /* the versions, and COMMIT */

/* The row versions of a table and of its rows in the catalogs. %s: its name, quoted; as a literal; the same. */
#define VERSIONS                                                                                                       \
    "(SELECT t.xmin FROM ONLY %s AS t UNION ALL SELECT c.xmin FROM pg_catalog.pg_class c WHERE c.oid "                 \
    "OPERATOR(pg_catalog.=) %s::pg_catalog.regclass UNION ALL SELECT a.xmin FROM pg_catalog.pg_attribute a WHERE "     \
    "a.attrelid OPERATOR(pg_catalog.=) %s::pg_catalog.regclass) v"

/* The digest of the rows of a query. */
#define DIGEST                                                                                                         \
    "pg_catalog.encode(pg_catalog.sha256((SELECT coalesce(pg_catalog.string_agg(pg_catalog.record_send(truss_row), "   \
    "''::pg_catalog.bytea), ''::pg_catalog.bytea) FROM (%s) truss_row)), 'hex')"

/* bool, bytea, "char", name, int8, int2, int4, text, json, float4, float8, bpchar, varchar, date, time, timestamp,
 * timestamptz, numeric, uuid, jsonb: what such a column shows follows from its bytes and the session's settings. Citus
 * may have the rows elsewhere. %s: the name as a literal; the same. */
#define KNOWN_TYPES "'{16,17,18,19,20,21,23,25,114,700,701,1042,1043,1082,1083,1114,1184,1700,2950,3802}'"
#define IS_PLAIN                                                                                                       \
    "EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) %s::pg_catalog.regclass AND "        \
    "c.relkind OPERATOR(pg_catalog.=) 'r' AND c.relam OPERATOR(pg_catalog.=) 2::pg_catalog.oid AND NOT "               \
    "c.relhassubclass AND NOT c.relrowsecurity) AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE "          \
    "a.attrelid OPERATOR(pg_catalog.=) %s::pg_catalog.regclass AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT "         \
    "a.attisdropped AND (a.atttypid OPERATOR(pg_catalog.<>) ALL (" KNOWN_TYPES "::pg_catalog.oid[]) OR "               \
    "a.attgenerated OPERATOR(pg_catalog.=) 'v')) AND "                                                                 \
    "pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NULL"

/* Is it of one snapshot, or of none before this one? age() counts back from one xid for the whole transaction. */
#define NEWER                                                                                                          \
    "pg_catalog.age(v.xmin) OPERATOR(pg_catalog.<=) pg_catalog.age('%u'::pg_catalog.xid) AND pg_catalog.age(v.xmin) "  \
    "OPERATOR(pg_catalog.>=) pg_catalog.age(pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())"             \
    "::pg_catalog.xid)"

/* What is made of a trace, and what comes back. */
struct again {
    const struct query_trace *trace;
    struct pg_session *session;
    struct same_rows *rows;
    struct pg_moment *moment;
    size_t before; /* results that are the moment's */

    size_t number; /* of the results so far */
    size_t item;
    size_t of_item; /* results of the present item */
    bool is_counted;
    unsigned char digest[SHA256_SIZE];
    bool holds;
};

/* Are row versions counted in place of rows? */
static bool counts(const struct again *again, const struct told *told)
{
    return told->table != NULL && again->rows->items[told->number].xmin != 0;
}

/* ---- sending ---- */

/* The row versions that are there, and whether one was made since. */
static void put_count(struct buffer *sql, const struct told *told, const char *literal, uint64_t xmin)
{
    const uint32_t low = (uint32_t)xmin;
    buffer_printf(sql,
                  "SELECT NULL, pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()), pg_catalog.count(*), "
                  "pg_catalog.count(*) FILTER (WHERE " NEWER
                  "), pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) FROM " VERSIONS,
                  low < FIRST_XID ? FIRST_XID : low, told->table, literal, literal);
}

/* The row versions that are there, and whether they may be counted later. */
static void put_versions(struct buffer *sql, const struct told *told, const char *literal)
{
    buffer_printf(sql,
                  ", pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()), (SELECT pg_catalog.count(*) "
                  "FROM " VERSIONS "), " IS_PLAIN,
                  told->table, literal, literal, literal, literal);
}

/* Returns false if this session does not have what is to be sent. */
static bool put_again(struct buffer *sql, const struct again *again, const struct told *told)
{
    switch (told->by) {
    case TOLD_BY_TEXT:
        buffer_puts(sql, told->sql);
        return true;
    case TOLD_BY_NAME:
        kept_put_execute(sql, told->sql, told->count, told->values);
        return session_has_kept(again->session, told->sql);
    case TOLD_BY_PIN:
        return session_put_pin(sql, again->session, told->sql, told->behind);
    case TOLD_IN_BINARY:
        buffer_printf(sql, "SELECT " DIGEST, told->sql);
        return true;
    }
    return false;
}

/* The statement, or in its place, or beside it in one snapshot, the versions of what it reads. */
static bool put(struct buffer *sql, const struct again *again, const struct told *told)
{
    struct buffer name = {.arena = sql->arena};
    buffer_puts(sql, ";");
    if (told->table == NULL) {
        return put_again(sql, again, told);
    }
    pg_quote_literal(&name, text_of(told->table));
    const char *const literal = buffer_string(&name);
    if (counts(again, told)) {
        put_count(sql, told, literal, again->rows->items[told->number].xmin);
        return true;
    }
    if (told->by == TOLD_IN_BINARY) {
        put_again(sql, again, told);
        put_versions(sql, told, literal);
        return true;
    }
    buffer_puts(sql, BESIDE);
    const bool can = put_again(sql, again, told);
    buffer_puts(sql, ";SELECT NULL");
    put_versions(sql, told, literal);
    buffer_puts(sql, ";COMMIT");
    return can;
}

/* ---- comparing ---- */

static uint64_t number_of(const PGresult *result, int column)
{
    const char *const value = pg_field(result, 0, column);
    return value == NULL ? 0 : strtoull(value, NULL, 10);
}

/* The rows by their versions. */
static bool are_counted(struct same_table *known, const PGresult *result)
{
    const struct same_table before = *known;
    *known = (struct same_table){number_of(result, 2), number_of(result, 1)};
    return known->count == before.count && number_of(result, 3) == 0 && known->xmin >= before.xmin &&
           number_of(result, 4) - before.xmin < MOST_XIDS;
}

/* Notes the versions of rows that are the noted ones, or will be found not to be. */
static void take_versions(const struct again *again, const struct told *told, const PGresult *result)
{
    if (told->table != NULL && pg_field_bool(result, 0, 3)) {
        again->rows->items[told->number] = (struct same_table){number_of(result, 2), number_of(result, 1)};
    }
}

static bool has_digest(const struct told *told, const PGresult *result)
{
    char hex[SHA256_HEX_SIZE];
    const char *const digest = pg_field(result, 0, 0);
    sha256_hex(told->digest, hex);
    return digest != NULL && strcmp(digest, hex) == 0;
}

/* How many results it has now. */
static size_t results_of(const struct again *again, const struct told *told)
{
    return again->is_counted || told->by == TOLD_IN_BINARY
               ? 1
               : told->results + (told->table == NULL ? 0 : BESIDE_BEFORE + BESIDE_BEHIND);
}

/* One result of an item. Of several the last one with rows counts, as its caller got that. */
static void compare(struct again *again, const struct told *told, const PGresult *result)
{
    if (again->is_counted) {
        again->holds = again->holds && are_counted(&again->rows->items[told->number], result);
    } else if (told->by == TOLD_IN_BINARY) {
        again->holds = again->holds && has_digest(told, result);
        take_versions(again, told, result);
    } else if (told->table != NULL && again->of_item == told->results + BESIDE_BEFORE) {
        take_versions(again, told, result);
    } else if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        told_digest(result, again->digest);
    }
}

static void take_of_item(struct again *again, const PGresult *result)
{
    const struct told *const told = &again->trace->items[again->item];
    again->is_counted = again->of_item == 0 ? counts(again, told) : again->is_counted;
    compare(again, told, result);
    if (++again->of_item < results_of(again, told)) {
        return;
    }
    again->holds = again->holds && (again->is_counted || told->by == TOLD_IN_BINARY || told->is_only_done ||
                                    memcmp(again->digest, told->digest, sizeof told->digest) == 0);
    memset(again->digest, 0, sizeof again->digest);
    again->of_item = 0;
    again->item++;
}

static void take(void *data, const PGresult *result)
{
    struct again *const again = data;
    const size_t number = again->number++;
    if (number + 2 == again->before) {
        moment_take(again->session, result, again->moment);
    } else if (number >= again->before && again->item < again->trace->count) {
        take_of_item(again, result);
    } else if (number >= again->before) {
        again->holds = false;
    }
}

bool same_rows_are_newer(const struct same_rows *a, const struct same_rows *b)
{
    bool are = true;
    for (size_t i = 0; i < TRACE_TABLES; i++) {
        are = are && a->items[i].xmin >= b->items[i].xmin;
    }
    return are;
}

bool ask_again(struct pg_session *session, const struct query_trace *trace, const struct pg_moment_question *question,
               struct same_rows *rows, struct pg_moment *moment)
{
    struct arena *const arena = arena_new(0);
    struct status ignored = {.arena = arena};
    struct buffer sql = {.arena = arena};
    struct same_rows now = *rows;
    struct again again = {
        .trace = trace,
        .session = session,
        .rows = &now,
        .moment = moment,
        .before = moment_put(&sql, session, question->table),
        .holds = true,
    };
    *moment = (struct pg_moment){0};
    bool can = again.before > 0;
    for (size_t i = 0; can && i < trace->count; i++) {
        can = put(&sql, &again, &trace->items[i]);
    }
    if (can && !session_query_each(session, buffer_string(&sql), &question->meanwhile,
                                   &(const struct each_result){take, &again}, &ignored)) {
        pg_session_roll_back(session);
        can = false;
    }
    arena_free(arena);
    if (!can || !again.holds || again.item < trace->count) {
        return false;
    }
    *rows = now;
    return true;
}
